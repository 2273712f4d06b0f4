"""All that is kept about a person as files of one archive, each read from the database as it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from django.template.loader import render_to_string
from django.utils.text import slugify

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.files import archives, cells
from gridshare_portal.homeowner.activity import access_log
from gridshare_portal.homeowner.your_data import documents, readings
from gridshare_portal.sites import models as sites

LONGEST_NAME = 40


def members(user: accounts.User, *, now: datetime) -> Iterator[archives.Member]:
    """Yield the files of a person's archive, the explanation first."""
    homes = list(policy.own_sites(user).order_by("pk"))
    folders = {home.pk: f"homes/{number}-{_plain(home.name, 'home')}" for number, home in enumerate(homes, 1)}
    told = {"user": user, "now": now, "homes": [(home.name, folders[home.pk]) for home in homes]}
    yield "README.txt", [render_to_string("homeowner/your_data_readme.txt", told)]
    yield "account.json", documents.written(documents.account(user))
    yield "lunar-accounts.json", documents.written(documents.lunar_accounts(user))
    yield "shared.json", documents.listed(documents.consents(user))
    yield "asked-to-share.json", documents.listed(documents.asked_of(user, now=now))
    yield "what-you-did.csv", documents.done(user, homes)
    for home in homes:
        yield from _of_home(home, folders[home.pk], user, now)


def file_name(now: datetime) -> str:
    return f"my-data_{now:%Y-%m-%d}.zip"


def _of_home(home: sites.Site, folder: str, user: accounts.User, now: datetime) -> Iterator[archives.Member]:
    since = _since(home, user)
    sensors = list(home.sensors.all())
    files = {
        one.pk: f"readings/{number}-{one.role}-{_plain(one.synth_id, 'sensor')}.csv"
        for number, one in enumerate(sensors, 1)
    }
    yield f"{folder}/home.json", documents.written(documents.home(home, files))
    yield f"{folder}/changes.json", documents.listed(documents.changes(home, user, since=since))
    proposed = documents.proposals(home, user, since=since, now=now)
    yield f"{folder}/proposals.json", documents.listed(proposed)
    log = access_log.Log(home, user=user, asked={}, now=now)
    yield f"{folder}/who-looked.csv", cells.lines(log.rows())
    yield f"{folder}/changed-later.csv", readings.changed_later(home)
    for one in sensors:
        yield f"{folder}/{files[one.pk]}", readings.of_sensor(one.pk, home.zone)


def _since(home: sites.Site, user: accounts.User) -> datetime:
    """Return when the person first connected this home: what was before is an earlier resident's."""
    mine = home.connection_sites.filter(connection__user=user.pk)
    since: datetime = mine.aggregate(at=Min("connection__created_at"))["at"]
    return since


def _plain(name: str, otherwise: str) -> str:
    """Return a name in letters that every system takes in a file's name."""
    return slugify(name)[:LONGEST_NAME].strip("-") or otherwise
