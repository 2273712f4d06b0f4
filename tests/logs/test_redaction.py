"""Texts in which somebody wrote a secret."""

import secrets
import string

import pytest
from allauth.core.internal.cryptokit import generate_user_code
from cryptography.fernet import Fernet
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.utils.crypto import get_random_string
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.logs import redaction

WORDS = st.text(alphabet=string.ascii_letters + string.digits + " ./:=&?@_-,'\"", max_size=60)
KEY = Fernet.generate_key()


def csrf_token():
    return get_token(RequestFactory().get("/"))


MADE = {  # as the portal and its libraries make them
    "an invitation": lambda: secrets.token_urlsafe(32),
    "a session": lambda: get_random_string(32, string.ascii_lowercase + string.digits) + "7",
    "a form": csrf_token,
    "a sealed token": lambda: Fernet(KEY).encrypt(b"x").decode(),
    "a digest": lambda: secrets.token_hex(32),
    "a code": generate_user_code,
}
SAID = [  # what stands around a secret `{}`, whatever shape it has
    "Not Found: /invitations/{}/",
    "Not Found: /invitations/{}",
    "//invitations/{}/x?y=1",
    "GET /accounts/password/reset/key/5-{}/ HTTP/1.1",
    "GET /accounts/lunar/login/callback/?code={}&state=x",
    "GET /accounts/lunar/login/callback/?a=b&state={}",
    "Authorization: Bearer {}aaaaaaaaaaaa",
    "Cookie: theme=dark; session={}; a=b",
    "__Host-session={}",
    "{{'csrfmiddlewaretoken': '{}'}}",
    '{{"refresh_token": "{}", "x": 1}}',
    "access_token={}&token_type=Bearer",
    "client_secret={}",
    "redis://:{}@127.0.0.1:6379/0",
    "postgres://portal:{}@db/portal",
    "code_verifier={}",
    "password={}",
]


class TestASecret:
    @pytest.mark.parametrize("made", MADE.values(), ids=MADE)
    @pytest.mark.parametrize("around", ["{}", "it was {}.", "('{}', 3)", "/x/{}/y", "<{}>", "a={};b"])
    def test_is_known_by_its_shape(self, made, around):
        for _ in range(20):
            secret = made()
            assert secret not in redaction.redact(around.format(secret)), secret

    @pytest.mark.parametrize("said", SAID)
    def test_is_known_by_its_place_or_its_name(self, said):
        assert "tiger7" not in redaction.redact(said.format("tiger7"))

    @given(WORDS, WORDS, st.sampled_from(list(MADE.values())))
    def test_is_found_whatever_stands_around_it(self, before, after, made):
        secret = made()
        assert secret not in redaction.redact(f"{before} {secret} {after}")

    def test_of_the_portal_itself_is_known_by_heart(self, settings):
        settings.LUNAR_CLIENT_SECRET = "correct horse"
        settings.OPERATOR_TOKEN = "battery staple"

        said = redaction.redact("it said: correct horse, battery staple")

        assert "horse" not in said and "staple" not in said

    def test_is_no_address_of_a_person_either(self):
        assert "ada" not in redaction.redact("550 no such mailbox: ada.l@home.example")


class TestWhatIsNoSecret:
    @pytest.mark.parametrize(
        "said",
        [
            "Not Found: /homes/site-1/history/",
            "/organizations/sunfix/invitations/7/withdraw/",
            "Task gridshare_portal.runs.tasks.sweep_targets[1894234c-f014-4cd7-826f-bee5c04d13a9] received",
            "getSiteTopology: TooManyRequests status=429 code=throttled attempts=3 took_ms=120",
            "the e-mail access/emails/request could not be sent: SMTPServerDisconnected",
            "UNIQUE constraint failed: control_change.device_id, one_open_change_2_per_device",
            "0002_sensor_missing_values_and_more",
            "2026-11-22T10:00:00.000000+00:00",
            'File "/srv/portal/gridshare_portal/database_outage_and_more.py", line 12345',
            "Python-urllib/3.11 123456789012345678901234567890",
        ],
    )
    def test_stays(self, said):
        assert redaction.redact(said) == said
