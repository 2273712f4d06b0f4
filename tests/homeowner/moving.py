"""People who move in and out, and who should know what by then: a world, and a second book about it.

The book is kept from what happened at Lunar alone and never asks the portal: who lives together with whom,
and whose words and readings are whose. Everything that anybody leaves behind bears a mark of its own.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from django.utils import timezone

from gridshare_portal.access import consents, policy, visits
from gridshare_portal.control import models as control
from gridshare_portal.homeowner.your_data import archive
from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import signals as lunar_signals
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import sync
from gridshare_portal.telemetry import packing
from gridshare_portal.telemetry.models import Day
from tests import people

MARK = re.compile(r"mark\d{4}|7\d{3}\.25")
OF_HOMES = (
    "", "now/", "history/", "history.csv", "history.json", "devices/", "settings/", "activity/", "control/",
    "access/", "access.csv", "proposals/",
)  # fmt: skip
OF_DEVICES = ("", "mode/", "state/", "plan/", "details/")
OF_PEOPLE = ("/homes/", "/sharing/", "/connection/", "/account/data/", "/account/delete/")
OF_STAFF = ("homes/", "", "search/?q=mark", "requests/")


@dataclass(eq=False)
class Household:
    """People who share a home and the marks they leave in it, of which staff who were let in may read some."""

    people: set[str]
    marks: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    is_shared: bool = False


class Street:
    """A few people, their accounts at Lunar and here, and the book about who lives where."""

    def __init__(self, sandbox, seed, *, staff):
        self.sandbox, self.dice, self.staff = sandbox, random.Random(seed), staff
        self.homes = [one.site_id for name in ("ada", "cleo") for one in sandbox.world.customer(name).homes]
        self.names = ("ada", "cora", "cleo", "eve")
        self.listed = {
            name: {one.site_id for one in sandbox.world.customer(name).homes} & set(self.homes)
            for name in self.names
        }
        self.here: dict[str, people.Visitor] = {}
        self.living: dict[str, Household] = {}
        self.all: list[Household] = []
        self.count = 0
        self.newest: set[str] = set()
        self.story: list[str] = []

    def step(self):
        acts = (self.move, self.move, self.connect, self.read, self.read, self.lapse, self.end, self.erase)
        act = self.dice.choice((*acts, self.write, self.write, self.write))
        name = self.dice.choice(self.names)
        self.story.append(f"{act.__name__} {name}")
        act(name)

    def move(self, _name):
        home = self.dice.choice(self.homes)
        to = self.dice.sample(self.names, self.dice.choice((0, 1, 1, 1, 2)))
        self.story.append(f"  home {self.homes.index(home)} to {to}")
        self.sandbox.world.hand_over(home, to=to)
        for name in self.names:
            self.listed[name] = self.listed[name] - {home} | ({home} if name in to else set())

    def connect(self, name):
        if name not in self.here:
            self.here[name] = people.signed_in(f"{name}{self._next()}@portal.example")
        people.connect(self.here[name].user, name, sandbox=self.sandbox)
        self.read(name)

    def read(self, name):
        connection = self._connection(name)
        if connection is None or not connection.is_active:
            return
        now = timezone.now()
        sync.request(connection=connection, now=now)
        sync.run(connection_pk=connection.pk, now=now, owner="the street")
        for home in self.listed[name]:
            self._note(name, home)

    def lapse(self, name):
        connection = self._connection(name)
        if connection is not None and connection.is_active:
            connection.status, connection.status_since_at = "reconnect", timezone.now()
            connection.save()
            lunar_signals.ended.send(lunar.Connection, connection=connection, forget=False)

    def end(self, name):
        connection = self._connection(name)
        if connection is not None and connection.status != "disconnected":
            forget = self.dice.random() < 0.3
            connections.disconnect(
                connection=connection, actor=self.here[name].user, forget_readings=forget, now=timezone.now()
            )
            if forget:
                self._leave(name)

    def erase(self, name):
        if name in self.here and self.dice.random() < 0.5:
            self.here.pop(name).user.delete()
            self._leave(name)

    def write(self, name):
        """Leave marks wherever one may: in names, reasons, details and readings, and in what staff say."""
        if name not in self.here:
            return
        user, now, before = self.here[name].user, timezone.now(), self.known_by(name)
        for home in policy.own_sites(user).filter(left_at=None, synth_id__in=self.homes):
            household = self.living.get(home.synth_id)
            if household is None or name not in household.people:
                continue  # a home of before that nobody has: what is written there is for nobody else
            page = self.here[name].post(
                f"/homes/{home.synth_id}/settings/",
                {"name": self._mark(household, told=True), "time_zone": "Europe/Rome"},
            )
            assert page.status_code == 302
            for device in home.devices.all()[:1]:
                control.Change.objects.create(
                    device=device, site=home, actor=user, actor_label=f"{user} {self._mark(household)}",
                    kind="mode", asked={"mode": "Smart"}, before={"mode": "Simple"}, outcome="confirmed",
                    reason=self._mark(household), made_at=now, settled_at=now,
                )  # fmt: skip
            for sensor in home.sensors.all()[:1]:
                self._plant(sensor, household, now)
            if self.dice.random() < 0.5:
                self._let_in(home, user, household, now)
        self.newest = self.known_by(name) - before

    def known_by(self, name):
        """Return the marks that a person may meet: of all they ever lived with."""
        return set().union(*(one.marks for one in self.all if name in one.people))

    def told_to_staff(self):
        return set().union(*(one.told for one in self.all if one.is_shared))

    def _note(self, name, home):
        """Keep the book: who lists a home lives with those whose accounts list it now, or begins anew."""
        there = self.living.get(home)
        if there is not None and name in there.people:
            return
        if there is not None and any(
            home in self.listed[one] and self._is_active(one) for one in there.people
        ):
            there.people.add(name)
            return
        self.living[home] = Household({name})
        self.all.append(self.living[home])

    def _leave(self, name):
        for household in self.all:
            household.people.discard(name)

    def _connection(self, name):
        if name not in self.here:
            return None
        return lunar.Connection.objects.filter(user=self.here[name].user).first()

    def _is_active(self, name):
        connection = self._connection(name)
        return connection is not None and connection.is_active

    def _let_in(self, home, user, household, now):
        if not user.connections.filter(status__in=policy.WORKING).exists():
            return
        firm, household.is_shared = self.staff.organization, True
        consents.give(
            site=home, organization=firm, given_by=user, right="view", lasts="open", ask_first=False, now=now
        )
        visits.open(
            user=self.staff.user, site=home, organization=firm, reason="other",
            words=self._mark(household, told=True), now=timezone.now(),
        )  # fmt: skip

    def _plant(self, sensor, household, now):
        self._next()
        power = np.full(96, np.nan)
        power[0] = 7000 + self.count + 0.25
        household.marks.add(f"{power[0]:.2f}")
        Day.objects.update_or_create(
            sensor=sensor,
            day=(now - timedelta(days=30 + self.count)).date(),
            defaults={
                "step_s": 900,
                "packed": packing.pack({"in_w": power}),
                "known": packing.bits(~np.isnan(power)),
                "known_count": 1,
                "closed_at": now,
            },
        )

    def _mark(self, household, *, told=False):
        mark = f"mark{self._next():04d}"
        household.marks.add(mark)
        if told:
            household.told.add(mark)
        return mark

    def _next(self):
        self.count += 1
        return self.count


def everything(street, visitor):
    """Yield (address, text) of all that a person is answered: pages, files and the archive, wherever they knock."""
    homes = list(sites.Site.objects.values_list("synth_id", flat=True))
    devices = list(sites.Device.objects.values_list("synth_id", flat=True))
    for address in (
        *OF_PEOPLE,
        *(f"/homes/{home}/{page}" for home in homes for page in OF_HOMES),
        *(f"/sharing/{home}/" for home in homes),
        *(f"/devices/{device}/{page}" for device in devices for page in OF_DEVICES),
        *(f"/changes/{pk}/" for pk in control.Change.objects.values_list("pk", flat=True)),
    ):
        answer = visitor.get(address)
        assert answer.status_code < 500, address
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        yield address, text.decode()
    for name, text in archived(visitor.user):
        yield f"the archive's {name}", text


def archived(user):
    """Yield (name, text) of the files of a person's archive."""
    for name, pieces in archive.members(user, now=timezone.now()):
        yield name, "".join(one if isinstance(one, str) else one.decode() for one in pieces)


def staff_pages(street):
    """Yield (address, text) of what members of the organization are answered, also of homes by their old ids."""
    home_pages = [
        f"homes/{home}/{page}"
        for home in sites.Site.objects.values_list("synth_id", flat=True)
        for page in ("", "topology/", "calendar/", "answers/")
    ]
    for page in (*OF_STAFF, *home_pages):
        address = f"/support/{street.staff.organization.slug}/{page}"
        answer = street.staff.get(address)
        assert answer.status_code < 500, address
        yield address, answer.content.decode()
