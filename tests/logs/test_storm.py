"""A storm of requests with secrets in them: none is in any line."""

import logging

import pytest

SECRETS = {
    "invitation": "kD5_invitation-secret-that-was-sent-by-mail0",
    "session": "sessionidsessionid7sessionidsess",
    "csrf": "CsrfTokenCsrfTokenCsrfToken7CsrfToken7CsrfToken7CsrfToken7CsrfTok",
    "code": "little-code",
    "state": "little-state",
    "bearer": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "mailed": "BCDF-GHJK",
    "typed": "typed-by-somebody",
    "email": "ada@planted.example",
    "refresh": "refresh-token-of-a-home",
}
S = SECRETS
STORM = [  # method, address, form
    ("get", f"/invitations/{S['invitation']}/", None),
    ("post", f"/invitations/{S['invitation']}/", {"token": S["invitation"]}),
    ("get", f"/invitations/{S['invitation']}", None),
    ("get", f"/invitations/{S['invitation']}/nothing/", None),
    ("put", f"/invitations/{S['invitation']}/", None),
    ("get", f"/accounts/password/reset/key/4f-{S['invitation']}/", None),
    ("get", f"/accounts/lunar/login/callback/?code={S['code']}&state={S['state']}", None),
    (
        "get",
        f"/accounts/lunar/login/callback/?error=x&error_description={S['code']}&state={S['state']}",
        None,
    ),
    ("post", "/accounts/login/", {"login": S["email"]}),
    ("post", "/accounts/login/code/confirm/", {"code": S["mailed"]}),
    ("post", "/accounts/3rdparty/signup/", {"email": S["email"]}),
    ("get", f"/accounts/login/?next=/invitations/{S['invitation']}/", None),
    ("get", f"/nothing/{S['session']}/", None),
    ("get", f"/nothing/{S['mailed']}/", None),
    ("get", f"/homes/{S['csrf']}/", None),
    ("post", "/theme/", {"theme": S["typed"], "csrfmiddlewaretoken": S["csrf"]}),
    ("get", "/metrics", None),
    ("get", "/readyz?deep", None),
    ("get", "/admin/", None),
    ("delete", "/admin/login/", None),
]
BROKEN = [
    f"no row for {S['invitation']}",
    f"Authorization: Bearer {S['bearer']}",
    f"refresh_token={S['refresh']}",
]


@pytest.mark.django_db
class TestAStorm:
    @pytest.mark.parametrize("level", ["INFO", "WARNING"])
    def test_leaves_no_secret_in_any_line(self, client, lines, monkeypatch, settings, level):
        logging.getLogger().setLevel(level)
        settings.OPERATOR_TOKEN = "only operators know"
        client.raise_request_exception = False
        client.handler.enforce_csrf_checks = level == "WARNING"
        client.cookies["session"], client.cookies["csrf"] = S["session"], S["csrf"]
        for method, address, form in STORM:
            headers = {"Authorization": f"Bearer {S['bearer']}", "Referer": f"http://testserver{address}"}
            getattr(client, method)(address, form, headers=headers)
        for words in BROKEN:
            self.break_a_page(client, monkeypatch, words)

        assert len(lines.parsed()) > 10
        assert {name for name, secret in SECRETS.items() if secret in lines.getvalue()} == set()
        assert settings.OPERATOR_TOKEN not in lines.getvalue()

    @staticmethod
    def break_a_page(client, monkeypatch, words):
        def broken(*_arguments, **_options):
            raise RuntimeError(words)

        monkeypatch.setattr("gridshare_portal.homeowner.entry.views.render", broken)
        assert client.get("/").status_code == 500
