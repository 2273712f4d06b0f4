"""Bulk runs while programs die and Lunar fails: the ledger beside what the pretended devices really took.

    .venv/bin/python -m benchmarks.run_faults [--homes 150]
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.run_faults

Redis, worker and beat run as in the Procfile, and the pretended Lunar is a program reached over HTTP. One run
of its own homes after another meets one fault each. What killed workers held is free again when its lease
ends, after at most three minutes: that is waited for once, at the end. Then every home's line is compared
with its device, what failed is tried again, and all is compared once more. Ends with 1 if anything is untrue.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import bulk_run, programs, world
from gridshare_portal.sandbox.simulation import ledger

if TYPE_CHECKING:
    from gridshare_portal.runs import models as runs

MODE = "setDeviceOperationMode"
ENDED = 12  # homes whose consent or connection ends in the middle
LONGEST_S = 300.0
UNDER_WAY = ("waiting", "taken")


@dataclass
class Trial:
    """One run and the fault it met; `ended` says for which homes access ended, and when."""

    name: str
    run: runs.Run
    took_s: float = 0.0
    ended: dict[int, datetime] = field(default_factory=dict)


class Stand:
    """The portal's programs, an organization, its homes, and what happens to its runs."""

    def __init__(self, company: programs.Programs, lunar: programs.Lunar, homes: int) -> None:
        from django.utils import timezone

        from gridshare_portal.sites import models as sites

        self.company, self.lunar, self.homes = company, lunar, homes
        self.organization, self.admin = bulk_run.people()
        bulk_run.make_homes(lunar, self.organization, timezone.now())
        self.sites = list(sites.Site.objects.order_by("pk").values_list("pk", flat=True))
        self.owner = bulk_run.Homeowner(sites.Site.objects.get(pk=self.sites.pop()))
        self.trials: list[Trial] = []

    def begin(self, name: str) -> Trial:
        """Start a run of homes that no other run has, and return when a fifth of them had their turn."""
        from django.utils import timezone

        from gridshare_portal.runs import lifecycle
        from gridshare_portal.runs.checks import dry_run
        from tests.runs import fleet

        mine, self.sites = self.sites[: self.homes], self.sites[self.homes :]
        run = fleet.drafted(
            organization=self.organization,
            actor=self.admin,
            name=name,
            kind="mode",
            asked={"mode": "Smart"},
            sites=mine,
            now=timezone.now(),
        )
        while dry_run.check(run=run, now=timezone.now()):
            pass
        trial = Trial(name=name, run=lifecycle.start(run=run, actor=self.admin, now=timezone.now()))
        self.trials.append(trial)
        print(f"{name} …", flush=True)
        return trial

    def until(self, trial: Trial, share: float) -> None:
        """Wait until so large a share of a run's homes had their turn."""
        left = trial.run.lines.filter(state__in=UNDER_WAY)
        wait_for(lambda: left.count() <= self.homes * (1 - share), "homes to have their turn")

    def live_through(self, name: str, fault: Callable[[Trial], None], share: float = 0.9) -> None:
        """Let a run meet a fault when a fifth of its homes are done, and go on when most of them are."""
        began_s = time.monotonic()
        trial = self.begin(name)
        self.until(trial, 0.2)
        fault(trial)
        self.until(trial, share)
        self.lunar.heal()
        trial.took_s = time.monotonic() - began_s


def wait_for(holds: Callable[[], bool], what: str, within_s: float = LONGEST_S) -> None:
    """Wait until something is true, and give up loudly."""
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, f"waited {within_s:.0f} s for {what}"
        time.sleep(0.25)


def restart(stand: Stand, *names: str) -> Callable[[Trial], None]:
    """Return the fault that some programs are killed with -9 and started again after a moment."""

    def fault(_trial: Trial) -> None:
        stand.company.kill(*names)
        time.sleep(2.0)
        stand.company.start(*names)

    return fault


def trouble_redis(stand: Stand) -> Callable[[Trial], None]:
    """Return the fault that Redis hangs, is emptied, is killed, and comes back empty."""

    def fault(trial: Trial) -> None:
        stand.company.halt("Redis", for_s=3.0)
        stand.company.flush()
        stand.until(trial, 0.5)
        restart(stand, "Redis")(trial)

    return fault


def end_consents(trial: Trial) -> None:
    """Withdraw the consents of homes that still wait."""
    from django.utils import timezone

    from gridshare_portal.access import consents
    from gridshare_portal.access import models as access

    for consent in access.Consent.objects.filter(site__in=_last_waiting(trial)).select_related("given_by"):
        consents.end(consent=consent, by=consent.given_by, now=timezone.now())
        trial.ended[consent.site_id] = timezone.now()


def end_connections(trial: Trial) -> None:
    """Disconnect the accounts of homes that still wait."""
    from django.utils import timezone

    from gridshare_portal.lunar import connections
    from gridshare_portal.sites import models as sites

    for reach in sites.ConnectionSite.objects.filter(site__in=_last_waiting(trial)).select_related(
        "connection__user"
    ):
        connection, now = reach.connection, timezone.now()
        connections.disconnect(connection=connection, actor=connection.user, forget_readings=False, now=now)
        trial.ended[reach.site_id] = timezone.now()


def _last_waiting(trial: Trial) -> list[int]:
    waiting = trial.run.lines.filter(state="waiting").order_by("-position")
    return list(waiting.values_list("site_id", flat=True)[:ENDED])


def beside(stand: Stand) -> None:
    """Print what a homeowner's change and a page's wish for a fresh reading take, alone and beside a run."""
    alone = [_change_and_read(stand) for _ in range(9)]
    trial = stand.begin("in peace")
    stand.until(trial, 0.1)
    during = []
    while trial.run.lines.filter(state__in=UNDER_WAY).count() > 8:
        during.append(_change_and_read(stand))
    stand.until(trial, 1.0)
    for number, what in enumerate(("own change", "reading asked for through the queue")):
        first, second = (statistics.median(one[number] for one in some) for some in (alone, during))
        most = max(one[number] for one in during)
        print(
            f"  a homeowner's {what}: {first * 1000:.0f} ms alone, {second * 1000:.0f} ms beside a run "
            f"({second / first:.1f} times; at most {most * 1000:.0f} ms of {len(during)})"
        )


def _change_and_read(stand: Stand) -> tuple[float, float]:
    from django.utils import timezone

    from gridshare_portal.control import models, tasks

    took_s, began_s, now = stand.owner.change(), time.monotonic(), timezone.now()
    tasks.refresh_state.delay(stand.owner.device.pk)
    fresh = models.State.objects.filter(device=stand.owner.device, tried_at__gte=now)
    while not fresh.exists():
        assert time.monotonic() - began_s < 60, "nobody read the homeowner's device"
        time.sleep(0.01)
    return took_s, time.monotonic() - began_s


def settle(stand: Stand) -> None:
    """Wait until every run has ended and nobody looks at any change again within a minute and a half."""
    from django.utils import timezone

    from gridshare_portal.control import models
    from gridshare_portal.runs import models as runs

    def is_quiet() -> bool:
        soon = timezone.now() + timedelta(seconds=90)
        unknown = models.Change.objects.filter(outcome="unconfirmed", read_again_at__lte=soon)
        going = runs.Run.objects.filter(state__in=("running", "stopping"))
        return not (
            going.exists() or unknown.exists() or models.Change.objects.filter(outcome="open").exists()
        )

    began_s = time.monotonic()
    wait_for(is_quiet, "leases and looks")
    print(f"  leases and looks waited for: {time.monotonic() - began_s:.0f} s")


def try_again(stand: Stand) -> None:
    """Give the homes where nothing was sent another turn, in every run that has some."""
    from django.utils import timezone

    from gridshare_portal.runs import lifecycle

    for trial in stand.trials:
        if trial.run.lines.filter(state="failed").exists():
            lifecycle.retry_failed(run=trial.run, actor=stand.admin, now=timezone.now())


def lies(trial: Trial, asked: dict[str, ledger.Stored], first_modes: dict[str, str]) -> list[str]:
    """Return what a run's ledger says that is not so."""
    found = []
    for line in trial.run.lines.select_related("device", "change"):
        synth_id, took = _device_of(line), _taken(asked, line)
        real = took[-1][1] if took else first_modes[synth_id]
        late = [at for at, _ in took if datetime.fromisoformat(at) > trial.ended.get(line.site_id, _NEVER)]
        sent = line.change is not None and line.change.sent_at is not None
        faults = {
            "was written to twice": len(took) > 1,
            "was written to after access had ended": bool(late),
            "has no end": line.state in UNDER_WAY,
            "says other than its change": line.change is not None and line.change.outcome != line.state,
            "took what nobody says was sent": bool(took) and not sent,
            "is called confirmed and is not": line.state == "confirmed" and real != "Smart",
            "is called contradicted and is not": line.state == "contradicted" and real == "Smart",
            "is said to have got nothing and did": line.state in ("failed", "refused", "skipped")
            and bool(took),
            "is not known although it could be read": line.state == "unconfirmed"
            and line.site_id not in trial.ended,
        }
        found += [f"{trial.name}: {line.site_id} {what}" for what, is_so in faults.items() if is_so]
    return found


def _device_of(line: runs.Line) -> str:
    assert line.device is not None, f"the device of {line.site_id} was deleted, which nothing here does"
    return line.device.synth_id


def _taken(asked: dict[str, ledger.Stored], line: runs.Line) -> list[tuple[str, str]]:
    """Return the modes that a line's device really took, each with its moment."""
    known = asked.get(_device_of(line))
    return known["modes"] if known else []


_NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


def compare(stand: Stand, title: str) -> list[str]:
    """Print the ledger of every run beside what its devices took, and return what is untrue."""
    asked = stand.lunar.asked()
    batteries = [
        (home, one) for each in stand.lunar.world.customers for home in each.homes for one in home.devices
    ]
    first_modes = {device.synth_id: home.first_mode for home, device in batteries}
    found: list[str] = []
    print(f"\n{title}\n{'fault':46}{'seconds':>8}{'sent':>6}{'taken':>6}{'twice':>6}  ledger")
    for trial in stand.trials:
        lines = list(trial.run.lines.select_related("device", "change"))
        states = Counter(line.state for line in lines)
        took = [len(_taken(asked, line)) for line in lines]
        sent = sum(line.change is not None and line.change.sent_at is not None for line in lines)
        told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        twice = sum(number > 1 for number in took)
        print(f"{trial.name:46}{trial.took_s:8.0f}{sent:6}{sum(took):6}{twice:6}  {told}")
        found += lies(trial, asked, first_modes)
    return found


def run(stand: Stand) -> list[str]:
    """Let run after run meet its fault, wait for the ends, and return whatever is untrue."""
    go_wrong, live = stand.lunar.go_wrong, stand.live_through
    beside(stand)
    live("worker killed with -9", restart(stand, "worker"))
    live("worker, beat and Redis killed with -9", restart(stand, "worker", "beat", "Redis"))
    live("beat killed with -9", restart(stand, "beat"))
    live("Redis stopped, emptied, killed", trouble_redis(stand))
    live("429 to a third", lambda _: go_wrong(MODE, "too_many", every=3, retry_after=1))
    live("500 to a third", lambda _: go_wrong(MODE, "server_error", every=3))
    live("replies lost for a third", lambda _: go_wrong(MODE, "lost_reply", every=3))
    live("consents withdrawn", end_consents)
    live("connections ended", end_connections)
    settle(stand)
    found = compare(stand, "after the faults")
    try_again(stand)
    settle(stand)
    found += compare(stand, "after what failed was tried again")
    writes, homes = stand.lunar.calls()[MODE], stand.homes * len(stand.trials)
    print(f"\nLunar counted {writes:,} writes for {homes:,} homes, {stand.owner.changes} for the homeowner")
    return found


def main() -> None:
    """Start the programs, try every fault, and end with 1 if the ledger lied."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--homes", type=int, default=150)
    homes = parser.parse_args().homes
    os.environ["RUNS_PER_MINUTE"] = "6000"
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        company = programs.Programs(Path(folder), homes=10 * homes + 7)
        lunar = company.lunar()
        around = {"GRIDSHARE_URL": lunar.url, "LUNAR_LOGIN_URL": lunar.url, "LUNAR_ISSUER": lunar.issuer}
        try:
            with world.portal(REDIS_URL=f"unix://{company.socket}", **around) as database:
                print(f"{database}, {homes} homes in each run")
                company.start("Redis", "worker", "beat")
                found = run(Stand(company, lunar, homes))
        finally:
            company.clear()
    print("\n".join(found) if found else "every home has one true end, and nothing was sent twice")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
