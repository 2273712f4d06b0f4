"""How soon a homeowner reads that staff looked: from the staff's request to the line in the owner's log.

    .venv/bin/python -m benchmarks.access_log

A member of an installer opens pages of a shared home; after each the homeowner asks for the log, and the new
line has to be on it. Printed beside the time of the two requests alone.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks import world

if TYPE_CHECKING:
    from django.test import Client

    from gridshare_portal.sites import models as sites
    from tests import people

PAGES = ("", "history/", "devices/", "control/", "activity/")
ROUNDS = 5


def main() -> None:
    """Print a line per page: how long until the homeowner has read of it, and what of it was waiting."""
    with world.portal() as kind, world.pretended(homes=1) as sandbox:
        site, _calls, _took_s = next(world.connected(sandbox, "ada"))
        owner, staff = _owner(site), _staff(site)
        print(f"{kind}; {'page':10} {'ms until read':>13} {'of it waiting':>13} {'looks':>6}")
        for page in PAGES:
            looks = [_look(owner, staff, site, page) for _ in range(ROUNDS)]
            until_ms = statistics.median(until for until, _asking in looks)
            waiting_ms = statistics.median(until - asking for until, asking in looks)
            print(f"        {'/' + page:10} {until_ms:13.1f} {waiting_ms:13.1f} {len(looks):6}")


def _look(owner: Client, staff: Client, site: sites.Site, page: str) -> tuple[float, float]:
    before = _lines(owner, site)
    began = time.perf_counter()
    assert staff.get(f"/homes/{site.synth_id}/{page}").status_code == 200
    asking = time.perf_counter() - began
    while True:
        asked = time.perf_counter()
        lines = _lines(owner, site)
        asking += time.perf_counter() - asked
        if lines > before:
            return (time.perf_counter() - began) * 1000, asking * 1000
        assert time.perf_counter() - began < 1, "the homeowner did not read it within a second"


def _lines(owner: Client, site: sites.Site) -> int:
    return owner.get(f"/homes/{site.synth_id}/access/").content.count(b"<time ")


def _owner(site: sites.Site) -> Client:
    from django.test import Client

    owner = Client(headers={"host": "localhost"})
    owner.force_login(world.owner_of(site))
    return owner


def _staff(site: sites.Site) -> people.Visitor:
    from django.utils import timezone

    from gridshare_portal.access import visits
    from tests import people

    sunfix = people.organization("installer", "SunFix")
    people.share(site, sunfix, world.owner_of(site))
    staff = people.staff("ines@sunfix.example", sunfix, "operator")
    staff.defaults["HTTP_HOST"] = "localhost"
    assert staff.user is not None  # people.staff has signed her in
    visits.open(user=staff.user, site=site, organization=sunfix, reason="asked", now=timezone.now())
    return staff


if __name__ == "__main__":
    main()
