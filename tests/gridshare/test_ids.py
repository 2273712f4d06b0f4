"""Every text may be an id but one that could lead elsewhere, which is refused before anything is sent."""

import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridshare_portal.gridshare import errors, ids, types
from tests.gridshare import servers

SITES = b'{"entries":[{"siteId":"site-1"}]}'
ELSEWHERE = [
    "",
    ".",
    "..",
    "../sites",
    "..%2f..%2fsites",
    "%2e%2e",
    "%252e%252E",
    "%25252e.",
    "a/../../sites",
    "a\\..\\b",
    "a%5c..%5cb",
    "a/..;x=1/b",
    "．．",
    "a／．．／b",
    "‥",
    "d\x001",
    "d\r\n1",
    "d1\n",
    "d\x851",
    "d\x7f1",
    "half \ud800",
    "lost \ufffd",
    "d" * 256,
    None,
    7,
]


class TestIds:
    @pytest.mark.parametrize("bad", ELSEWHERE)
    def test_that_could_lead_elsewhere_are_refused_before_anything_is_sent(self, bad, client_of, tokens):
        with servers.serving(servers.json_answer(SITES)) as server:
            caller = client_of(server)
            calls = (
                lambda: caller.get_site_topology(bad),
                lambda: caller.get_device(bad),
                lambda: caller.patch_device(bad, changes={}),
                lambda: caller.get_device_telemetry(bad, start=datetime.now(UTC), end=datetime.now(UTC)),
                lambda: caller.get_device_operation_mode(bad),
                lambda: caller.set_device_operation_mode(bad, mode="Smart"),
                lambda: caller.get_device_overlay_plan(bad),
                lambda: caller.set_device_overlay_plan(bad, plan=types.Plan()),
            )
            for call in calls:
                with pytest.raises(errors.BadId):
                    call()

        assert server.requests == []
        assert tokens.asked == []

    @pytest.mark.parametrize(
        ("usual", "sent"),
        [
            ("0a1b__GRID_METER_DERIVED", b"0a1b__GRID_METER_DERIVED"),
            ("site:1.a-b", b"site%3A1.a-b"),
            ("a/b c@d+e=f~g", b"a%2Fb%20c%40d%2Be%3Df~g"),
            ("d1?x=#y;z", b"d1%3Fx%3D%23y%3Bz"),
            ("Küche 部屋 🔋", b"K%C3%BCche%20%E9%83%A8%E5%B1%8B%20%F0%9F%94%8B"),
            ("%2F", b"%252F"),
            ("...", b"..."),
            ("-d", b"-d"),
            (" ", b"%20"),
            ("{id}", b"%7Bid%7D"),
        ],
    )
    def test_of_other_kinds_are_sent_percent_encoded(self, usual, sent, client_of):
        with servers.serving(servers.json_answer(b"{}")) as server:
            client_of(server).get_device(usual)

        assert server.requests[0].startswith(b"GET /api/v2/devices/" + sent + b" HTTP")

    @given(st.text(max_size=300))
    @example("a/b" * 60)
    @example("%" * 255)
    def test_reach_the_service_as_one_segment_or_are_refused(self, value):
        try:
            sent = ids.in_path("getDevice", value)
        except errors.BadId:
            assert ids.fault_of(value) and (
                _is_no_id(value) or "." in unicodedata.normalize("NFKC", unquote(value))
            )
            return
        assert not _is_no_id(value)
        assert re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+", sent) and sent not in (".", "..")
        assert unquote(sent, errors="strict") == value


def _is_no_id(value):
    """Say by other means what is never an id: nothing, too much, and control characters."""
    return not 0 < len(value) <= 255 or bool(re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]", value))


def test_no_id_is_refused_for_its_dots_alone():
    assert not any(ids.fault_of(value) for value in ("a.b", "..a", "a..", "v1..2", "a/.b", "%2e%2ea", ". ."))
