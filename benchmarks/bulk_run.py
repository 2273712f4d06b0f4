"""A bulk run by two workers, one killed with -9 in the middle: homes per second, calls per home, none twice.

    .venv/bin/python -m benchmarks.bulk_run [--homes 10000]
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.bulk_run

The pretended Lunar counts every call, beside the ledger. It takes its time out of the same processors, so
homes per second are those of this machine. Homes of the killed worker are taken over when its lease ends;
here the clock is turned ahead for that instead of waiting. A homeowner outside the run changes a mode now and
then, before the run and during it: what that takes is printed as a ratio.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from benchmarks import world
from gridshare_portal.control import operations

if TYPE_CHECKING:
    from benchmarks import programs
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.lunar import models
    from gridshare_portal.runs import models as runs
    from gridshare_portal.sandbox import wsgi
    from gridshare_portal.sandbox.simulation.homes import Customer
    from gridshare_portal.sites import models as sites

    Lunar = wsgi.Sandbox | programs.Lunar

WORKERS = 2
TOGETHER = 1_000
WRITES, READS = "setDeviceOperationMode", "getDeviceOperationMode"
AHEAD = timedelta(minutes=3)  # longer than any lease


def main() -> None:
    """Make the homes, run once with a kill in the middle, and print what the ledger and Lunar say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--homes", type=int, default=1_000)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work)
        return
    os.environ["RUNS_PER_MINUTE"] = "1000000"
    with world.portal() as database, world.pretended(homes=given.homes + 7, access_token_s=36_000) as lunar:
        os.environ |= {"GRIDSHARE_URL": lunar.url, "LUNAR_LOGIN_URL": lunar.url, "LUNAR_ISSUER": lunar.issuer}
        print(f"{database}, {given.homes:,} homes, {WORKERS} workers")
        _run(lunar, given.homes)


def work(run_pk: int) -> None:
    """Carry the run on as a worker does, until there is nothing to do; a process of its own."""
    import django

    django.setup()
    from django.utils import timezone

    from gridshare_portal.runs.dispatch import slots
    from gridshare_portal.runs.dispatch import worker as dispatch_worker

    def turn() -> bool:
        return dispatch_worker.carry(
            run_pk=run_pk,
            owner=uuid.uuid4().hex,
            clock=timezone.now,
            for_s=8.0,
            side_by_side=slots.SIDE_BY_SIDE,
        )

    while turn():
        pass


def _run(lunar: wsgi.Sandbox, homes: int) -> None:
    from django.utils import timezone

    from gridshare_portal.control import models
    from gridshare_portal.runs import lifecycle
    from gridshare_portal.runs import queries as run_queries
    from gridshare_portal.runs.checks import dry_run
    from gridshare_portal.sites import models as sites
    from tests.runs import fleet

    began_s = time.monotonic()
    organization, admin = people()
    make_homes(lunar, organization, timezone.now())
    print(f"made in {time.monotonic() - began_s:.0f} s")
    found = list(sites.Site.objects.order_by("pk").values_list("pk", flat=True)[:homes])
    began_s = time.monotonic()
    run = fleet.drafted(
        organization=organization,
        actor=admin,
        name="Benchmark",
        kind="mode",
        asked={"mode": "Smart"},
        sites=found,
        now=timezone.now(),
    )
    while dry_run.check(run=run, now=timezone.now()):
        pass
    print(f"drafted and checked in {time.monotonic() - began_s:.1f} s: {run_queries.line_counts(run).states}")
    owner = Homeowner(sites.Site.objects.latest("pk"))
    alone_s = [owner.change() for _ in range(9)]
    lifecycle.start(run=run, actor=admin, now=timezone.now())
    began_s = time.monotonic()
    beside_s = _carry(run, homes, owner)
    took_s = time.monotonic() - began_s
    _tell_times(alone_s, beside_s)
    _take_over(run, timezone.now() + AHEAD)
    run.refresh_from_db()
    line_counts, changes = run_queries.line_counts(run), models.Change.objects.filter(consent__isnull=False)
    sent = changes.filter(sent_at__isnull=False).count()
    print(f"run: {run.state}, ledger: {line_counts.states}")
    print(f"changes: {changes.count():,}, of these sent: {sent:,}")
    writes = lunar.calls(WRITES) - owner.changes
    reads = lunar.calls(READS) - 2 * owner.changes
    print(f"Lunar was asked: {writes:,} writes, {reads:,} reads, beside the homeowner's own")
    print(f"{homes / took_s:.1f} homes per second, {(writes + reads) / homes:.2f} calls per home")
    devices = lunar.world.packed()["devices"]
    twice = [name for name, one in devices.items() if len(one["modes"]) > 1 and name != owner.device.synth_id]
    print(f"devices written to twice: {len(twice)}, lines without one end: {homes - line_counts.finished}")
    assert not twice and line_counts.finished == homes and writes <= sent <= homes


class Homeowner:
    """Somebody whose home is not in the run, and who changes its mode as a page does."""

    def __init__(self, site: sites.Site) -> None:
        self.device = site.devices.get()
        self.user = site.connection_sites.get().connection.user
        self.changes = 0

    def change(self) -> float:
        """Change the mode and return how many seconds it took until the page could say what is true."""
        from django.utils import timezone

        from gridshare_portal.control import changes

        asked = operations.AskMode(mode=("Smart", "Simple")[self.changes % 2])
        began_s = time.monotonic()
        change = changes.make(actor=self.user, device=self.device, asked=asked, now=timezone.now())
        assert change.outcome == "confirmed", change.outcome
        self.changes += 1
        return time.monotonic() - began_s


def _tell_times(alone_s: list[float], beside_s: list[float]) -> None:
    alone, beside = statistics.median(alone_s), statistics.median(beside_s)
    print(
        f"a homeowner's own change: {alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside the run "
        f"({beside / alone:.1f} times, at most {max(beside_s) * 1000:.0f} ms of {len(beside_s)})"
    )


def _carry(run: runs.Run, homes: int, owner: Homeowner) -> list[float]:
    """Let two workers carry the run, kill one of them in the middle, and put another in its place."""
    workers, beside_s = [_worker(run.pk) for _ in range(WORKERS)], []
    while run.lines.filter(state="confirmed").count() < homes // 2:
        assert workers[1].poll() is None, "a worker came to its end too early"
        time.sleep(1.0)
        beside_s.append(owner.change())
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    from gridshare_portal.runs import models as runs

    left = run.lines.filter(state="taken").count()
    print(f"one worker killed with -9 half way; {left} homes were in the hands of workers")
    runs.DispatchSlot.objects.update(lease_until_at=None)  # as after its lease: nobody waits for that here
    workers[0] = _worker(run.pk)
    for worker in workers:
        assert worker.wait() == 0
    return beside_s


def _take_over(run: runs.Run, now: datetime) -> None:
    """Do what the sweeps do once the killed worker's leases have ended."""
    from gridshare_portal.control import models, read_back
    from gridshare_portal.runs import sweeps
    from gridshare_portal.runs.dispatch import worker as dispatch_worker

    read_back.settle_stuck(changes=models.Change.objects.all(), now=now)
    sweeps.tidy(now=now)
    later = now + timedelta(minutes=1)
    dispatch_worker.carry(run_pk=run.pk, owner="the next", clock=lambda: later, for_s=600)
    for change_pk in list(read_back.due(now=later).values_list("pk", flat=True)):
        read_back.read_again(change_pk=change_pk, now=later)


def _worker(run_pk: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.bulk_run", "--work", str(run_pk)])


def people() -> tuple[accounts.Organization, accounts.User]:
    """Return a retailer and its admin, with a second factor."""
    from allauth.mfa.totp.internal import auth as totp

    from gridshare_portal.accounts import models as accounts

    organization = accounts.Organization.objects.create(kind="retailer", name="BrightGrid", slug="brightgrid")
    admin = accounts.User.objects.create_user(email="rita@brightgrid.example", name="Rita")
    accounts.Membership.objects.create(user=admin, organization=organization, role="admin")
    totp.TOTP.activate(admin, totp.generate_totp_secret())
    return organization, admin


def make_homes(lunar: Lunar, organization: accounts.Organization, now: datetime) -> None:
    """Write connected homes straight into the database, each with a battery, shared for control."""
    customers = iter(one for one in lunar.world.customers if one.username.startswith("home"))
    while together := list(islice(customers, TOGETHER)):
        _make_some(lunar, together, organization, now)


def _make_some(
    lunar: Lunar, customers: list[Customer], organization: accounts.Organization, now: datetime
) -> None:
    from gridshare_portal.access import models as access
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.sites import models as sites

    users = accounts.User.objects.bulk_create(
        [accounts.User(email=f"{one.username}@homes.example", name=one.username) for one in customers]
    )
    connections = _connections(lunar, customers, users, now)
    homes = sites.Site.objects.bulk_create(
        [
            sites.Site(synth_id=one.homes[0].site_id, name=one.username, time_zone="UTC", created_at=now)
            for one in customers
        ]
    )
    devices = sites.Device.objects.bulk_create(list(_devices(customers, homes)))
    sites.Sensor.objects.bulk_create(
        [
            sites.Sensor(
                site=device.site, device=device, synth_id=f"{device.synth_id}-s", role_found="battery"
            )
            for device in devices
        ]
    )
    sites.ConnectionSite.objects.bulk_create(
        [
            sites.ConnectionSite(site=site, connection=connection, seen_at=now)
            for site, connection in zip(homes, connections, strict=True)
        ]
    )
    terms = {"organization": organization, "right": "control", "from_at": now - timedelta(hours=1)}
    access.Consent.objects.bulk_create(
        [access.Consent(site=site, given_by=user, **terms) for site, user in zip(homes, users, strict=True)]
    )


def _connections(
    lunar: Lunar, customers: list[Customer], users: list[accounts.User], now: datetime
) -> list[models.Connection]:
    from gridshare_portal import seal
    from gridshare_portal.lunar import models, scopes

    allowed = tuple(scope.id for scope in scopes.SCOPES)
    since = {"status_since_at": now, "authorized_at": now, "last_read_at": now}
    rows = models.Connection.objects.bulk_create(
        [
            models.Connection(
                user=user,
                issuer=lunar.issuer,
                sub=one.sub,
                scopes=" ".join(allowed),
                username=one.username,
                **since,
            )
            for one, user in zip(customers, users, strict=True)
        ]
    )
    for row in rows:
        token = lunar.pool.grant(row.username, scopes=allowed)["access_token"]
        row.access_sealed = seal.seal(token, row.context("access"))
        row.access_expires_at = row.refresh_due_at = now + timedelta(hours=9)
    models.Connection.objects.bulk_update(rows, ["access_sealed", "access_expires_at", "refresh_due_at"])
    return rows


def _devices(customers: list[Customer], homes: list[sites.Site]) -> Iterator[sites.Device]:
    from gridshare_portal.sites import models as sites

    for one, site in zip(customers, homes, strict=True):
        battery = next(device for device in one.homes[0].devices if device.has_modes)
        yield sites.Device(site=site, synth_id=battery.synth_id, kind=battery.kind)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
