"""BrightGrid's first days, walked through the portal's own pages; nothing here writes a row.

After the first start Rita makes a campaign; customers open its link, connect and share their homes, one after
another, so that workers stay free for other visitors; then one bulk run is carried out and another only
checked. What a page shows as done is not done again.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import requests

from gridshare_portal.demo import people
from gridshare_portal.demo.visitor import Form, Visitor, forms_of, said_by

AT = "/portfolio/brightgrid/"
ZONE = "America/Los_Angeles"  # where the sandbox's customers live
COUNT = r"(\d+) in all"
WRITES = ("lunar/device.write", "lunar/plan.write")
PATIENCE_S = 240.0
CAMPAIGN = {
    "name": "Letter to customers",
    "text": "We even out the evening peak with your battery. You read every change and can stop it.",
    "right": "control",
    "lasts": "year",
    "color": "#1d4f91",
}
CARRIED, CHECKED = "Help the grid for two hours", "Winter mode"
HOW = {"see": {"right": "view"}, "ask": {"ask_first": "on"}, "change": {}}


class Stuck(Exception):
    """A page did not show in time what it should."""


def walk(url: str, customers: Sequence[people.Person]) -> None:
    """Do what is not done yet."""
    rita = Visitor(url)
    rita.sign_in(people.RITA.email)
    link = _campaign(rita)
    for person in customers:
        _join(Visitor(url), person, link)
    _until(lambda: int(_first(COUNT, rita.look(f"{AT}homes/"))) >= len(customers))
    if CARRIED not in said_by(rita.look(f"{AT}runs/")):
        _carry(rita, _draft(rita, CARRIED, kind="plan", **_row()))
    if CHECKED not in said_by(rita.look(f"{AT}runs/")):
        _draft(rita, CHECKED, kind="mode", mode="Schedule")


def _campaign(rita: Visitor) -> str:
    """Return the path of the campaign's link; make the campaign if it is missing."""
    found = re.search(rf'href="([^"]+)"><bdi>{CAMPAIGN["name"]}<', said_by(rita.look(f"{AT}campaigns/")))
    page = rita.look(found[1] if found else f"{AT}campaigns/new/")
    if not found:
        page = rita.fill(page, _form(page, "name"), **CAMPAIGN)
    return urlsplit(_first(r'class="link"><a href="([^"]+)"', page)).path


def _join(guest: Visitor, person: people.Person, link: str) -> None:
    """Follow the link, connect, share the home as this person does, and name it."""
    guest.sign_in(person.email)
    if people.BRIGHTGRID.name in said_by(guest.look("/sharing/")):
        return
    page = guest.look(link)
    if not _share_link(page):
        page = guest.fill(page, _form(page, "by"), by="lunar") if 'name="by"' in said_by(page) else page
        if "/connect" in page.url:
            guest.connect(person.lunar_username, also=WRITES, page=page)
    _until(lambda: _share_link(guest.look(link)))
    page = guest.look(_share_link(guest.look(link)))
    guest.fill(page, _form(page, "right"), **HOW[person.shares])
    home = f"/homes/{urlsplit(page.url).path.split('/')[2]}/"
    page = guest.look(f"{home}settings/")
    guest.fill(page, _form(page, "name"), name=f"{person.name}’s house", time_zone=ZONE)
    _until(lambda: "Powered by yourself" in said_by(guest.look(home)))


def _draft(rita: Visitor, why: str, **fields: object) -> str:
    """Have a run on every home checked; return its path."""
    page = rita.look(f"{AT}runs/new/")
    fields |= {"choose": "filter", "every": "on", "zone": ZONE, "times": "local"}
    page = rita.fill(page, _form(page, "canary"), name=why, canary=2, do="check", **fields)
    path = urlsplit(page.url).path
    _until(lambda: "Checked, not started" in said_by(rita.look(path)))
    return path


def _carry(rita: Visitor, path: str) -> None:
    page = rita.look(path)
    ready = _first(r"Type (\d+) to confirm", page)
    rita.fill(page, next(form for form in forms_of(page) if form.action.endswith("/start/")), homes=ready)
    _until(lambda: 'class="run-state"><span class="state good"' in said_by(rita.look(path)))


def _row() -> dict[str, str]:
    """Return the fields of one row of a plan: two hours that begin within the next two."""
    begin = (datetime.now(UTC).astimezone(ZoneInfo(ZONE)) + timedelta(hours=2)).replace(minute=0)
    hours = [f"{begin + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (0, 2)]
    typed = {"action": "discharge", "start": hours[0], "end": hours[1], "power_limit_w": "2000"}
    return {f"rows-0-{name}": value for name, value in typed.items()}


def _share_link(page: requests.Response) -> str:
    """Return where the page leads to share a home, or ""."""
    found = re.search(r'href="(/sharing/[^"]+organization=brightgrid)"', said_by(page))
    return html.unescape(found[1]) if found else ""


def _form(page: requests.Response, field: str) -> Form:
    """Return the form that has this field."""
    before = said_by(page)[: said_by(page).index(f'name="{field}"')]
    return forms_of(page)[before.count("<form") - 1]


def _first(pattern: str, page: requests.Response) -> str:
    found = re.search(pattern, said_by(page))
    if found is None:
        raise Stuck(f"{urlsplit(page.url).path} does not say {pattern}")
    return found[1]


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise Stuck("the pages did not come to say so in time")
        time.sleep(1.0)


def main() -> int:
    """Walk once; a file marks that it was done, so that later starts skip it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("done", type=Path)
    parser.add_argument("--customers", type=int, default=len(people.CUSTOMERS))
    given = parser.parse_args()
    try:
        walk(given.url, people.CUSTOMERS[: given.customers])
    except (Stuck, requests.RequestException) as fault:
        print(f"BrightGrid’s first days were not walked to their end: {fault}", file=sys.stderr)
        return 1
    given.done.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
