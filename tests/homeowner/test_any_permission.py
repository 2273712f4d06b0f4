"""The portal works with any choice of permissions, and names the one that is missing."""

from itertools import combinations

import pytest

from gridshare_portal.lunar import scopes
from gridshare_portal.sites import queries
from tests import people

EVERY_CHOICE = [
    choice for size in range(1, 5) for choice in combinations([scope.id for scope in scopes.SCOPES], size)
]


@pytest.mark.parametrize("choice", EVERY_CHOICE, ids=" ".join)
class TestAnyChoice:
    def test_lets_every_page_answer(self, db, sandbox, choice):
        visitor = people.with_home("ada@portal.example", "ada", sandbox=sandbox, granted=choice)
        pages = ["/homes/", "/connection/"]
        if visitor.site is not None:
            device = next(iter(queries.battery_devices_of(visitor.site)), None)
            pages += [
                f"/homes/{visitor.site.synth_id}/{part}" for part in ("", "control/", "devices/", "history/")
            ]
            pages += [
                f"/devices/{device.synth_id}/{part}" for part in ("", "mode/", "plan/", "details/", "state/")
            ]
        for address in pages:
            assert visitor.get(address, follow=True).status_code == 200, address

    def test_is_named_with_what_is_missing(self, db, sandbox, choice):
        visitor = people.with_home("ada@portal.example", "ada", sandbox=sandbox, granted=choice)

        page = visitor.get("/connection/")

        for scope in scopes.SCOPES:
            assert scope.title in page.text
            assert (f"add={scope.id}" in page.text.replace("%2F", "/")) is (scope.id not in choice)

    def test_without_seeing_the_home_says_what_to_allow(self, db, sandbox, choice):
        visitor = people.with_home("ada@portal.example", "ada", sandbox=sandbox, granted=choice)

        page = visitor.get("/homes/", follow=True)

        missing = "You have not allowed “See your home and its readings”" in page.text
        assert missing is (scopes.DEVICE_READ not in choice)
