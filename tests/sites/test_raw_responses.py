import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import raw_responses

JWT = "eyJraWQiOiJrIn0.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl_-aa"
SEALED_REFRESH = "eyJjdHkiOiJKV1Qi.enc_key.iv.cipher.tag"


@pytest.fixture
def site(db, now):
    home = sites.Site.objects.create(synth_id="site-1", name="Home", time_zone="UTC", created_at=now)
    sites.Device.objects.create(site=home, synth_id="device-1")
    return home


@pytest.fixture
def shown(site, homeowner_less_user, now):
    def show(body, *, operation="getDevice", status=200):
        row = sites.RawResponse(
            site=site, operation=operation, asked_by=homeowner_less_user, asked_for=1, asked_at=now
        )
        raw = body if isinstance(body, bytes) else body.encode()
        return raw_responses.shown(api.Came(status=status, body=raw), row)

    return show


@pytest.fixture
def homeowner_less_user(django_user_model, db):
    return django_user_model.objects.create_user(email="ines@sunfix.example", name="Ines")


class TestWhatIsShown:
    def test_is_the_answer_made_readable(self, shown):
        assert shown('{"mode":"Smart","n":[1]}') == json.dumps({"mode": "Smart", "n": [1]}, indent=2)

    def test_of_a_web_page_is_its_text(self, shown):
        assert shown("<html><b>502</b></html>", status=502) == "<html><b>502</b></html>"

    @pytest.mark.parametrize(
        "body",
        [
            f'{{"you sent": "{JWT}"}}',
            f"Authorization: Bearer {JWT}",
            '{"note": "Bearer abc.DEF-123456"}',
            f'{{"deep": [{{"refreshToken": "{SEALED_REFRESH}"}}]}}',
            '{"access_token": "opaque-secret-1"}',
            '{"clientSecret" : "opaque\\"quoted-secret-2"}',
            f"<html>{SEALED_REFRESH}</html>",
        ],
    )
    def test_never_holds_what_looks_like_a_token(self, shown, body):
        text = shown(body)

        for secret in (JWT, SEALED_REFRESH, "abc.DEF-123456", "opaque", "c2lnbmF0dXJl", "cipher"):
            assert secret not in text
        assert raw_responses.HIDDEN in text

    def test_keeps_ids(self, shown):
        ids = "site-3f1e9a02-aaaa-4bbb-8ccc-0123456789ab bearer of 12345678-1234 SN-0A1B2C3D__PV_DERIVED"

        assert "site-3f1e9a02-aaaa-4bbb-8ccc-0123456789ab" in shown(json.dumps({"id": ids}))

    def test_is_cut_at_a_quarter_of_a_megabyte(self, shown):
        text = shown(b'"' + b"a" * 9_000_000 + b'"')

        assert len(text) < raw_responses.LONGEST + 100 and "cut here" in text

    def test_is_cut_after_tokens_are_hidden(self, shown):
        text = shown("x" * (raw_responses.LONGEST - 20) + JWT + "y" * 100)

        assert "eyJ" not in text

    def test_makes_marks_visible_that_turn_the_direction(self, shown):
        text = shown(json.dumps({"model": "a\u202eb\x00c"}, ensure_ascii=False))

        assert "\u202e" not in text and "\x00" not in text and "\\u202e" in text

    def test_survives_what_json_allows_and_databases_do_not(self, shown):
        text = shown('{"a": "\\ud800", "b": "\\u0000"}')

        text.encode()
        assert "\x00" not in text

    def test_survives_a_thousand_brackets(self, shown):
        assert shown("[" * 100_000).startswith("[[[[")

    @given(st.binary(max_size=300))
    def test_of_anything_is_a_text_that_can_be_kept(self, raw):
        row = sites.RawResponse(operation="getDevice")
        text = raw_responses.shown(api.Came(status=200, body=raw), row)

        assert "\x00" not in text and text.encode() is not None


class TestAList:
    def test_shows_nothing_of_another_home(self, shown):
        body = '{"entries": [{"siteId": "site-1"}, {"siteId": "site-2"}]}'
        text = shown(body, operation="listSites")

        assert "site-1" in text and "site-2" not in text and raw_responses.ELSEWHERE in text

    def test_shows_no_device_of_another_home(self, shown):
        body = '{"entries": [{"synthId": "device-1"}, {"synthId": "device-9"}, {"synthId": "device-1", "siteId": "site-2"}]}'
        text = shown(body, operation="listDevices")

        assert "device-1" in text and "device-9" not in text and "site-2" not in text

    @pytest.mark.parametrize(
        "body", ["<html>site-2</html>", '{"entries": [{"siteId": "site-2"}', "[" * 100_000]
    )
    def test_that_cannot_be_read_is_not_shown(self, shown, body):
        assert shown(body, operation="listSites") == raw_responses.NOT_SHOWN

    @pytest.mark.parametrize(
        "body", ['{"entries": ["site-2"]}', '["site-2"]', '[["site-2"]]', '[{"x": "site-2"}]']
    )
    def test_of_another_shape_shows_nothing_of_another_home_either(self, shown, body):
        assert "site-2" not in shown(body, operation="listSites")

    @pytest.mark.parametrize(
        "body",
        [
            '"site-2"',
            '{"site-2": 1}',
            '{"only": "site-2"}',
            '{"a": {"siteId": "site-2"}}',
            '{"entries": [{"siteId": "site-1", "also": {"siteId": "site-2"}}]}',
            '{"site-2": [{"siteId": "site-1"}]}',
        ],
    )
    def test_without_a_list_in_it_shows_nothing_of_another_home_either(self, shown, body):
        assert "site-2" not in shown(body, operation="listSites")
