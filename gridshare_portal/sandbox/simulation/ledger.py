"""What a device accepted and when: its past, which never changes.

A mode or a plan acts from the moment it was accepted, so a day can be simulated again with the same result.
Nothing here knows what a mode does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypedDict, Unpack


@dataclass(frozen=True, kw_only=True)
class PlannedCommand:
    """One stretch of a plan: charge, discharge, hold, follow or heat, from start up to end."""

    start: datetime
    end: datetime
    action: str
    power_w: float | None = None
    word: str | None = None


class Accepted(TypedDict, total=False):
    """What a device can accept at a moment."""

    mode: str
    plan: tuple[PlannedCommand, ...]
    details: dict[str, str]


class Stored(TypedDict):
    """A ledger as plain JSON values."""

    first_mode: str
    modes: list[tuple[str, str]]
    plans: list[tuple[str, list[dict[str, Any]]]]
    details: list[tuple[str, dict[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A period, in seconds since 1970, in which one mode and at most one command holds."""

    start: float
    end: float
    mode: str
    command: PlannedCommand | None


@dataclass
class Ledger:
    """The modes, plans and details of one device, each with the moment it was accepted."""

    first_mode: str
    modes: list[tuple[datetime, str]] = field(default_factory=list)
    plans: list[tuple[datetime, tuple[PlannedCommand, ...]]] = field(default_factory=list)
    details: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)

    def mode_at(self, moment: datetime, *, back: int = 0) -> str:
        """Return the mode at a moment, or the one that held `back` changes earlier."""
        known = [mode for at, mode in self.modes if at <= moment]
        return known[-1 - back] if len(known) > back else self.first_mode

    def plan_at(self, moment: datetime, *, back: int = 0) -> tuple[PlannedCommand, ...]:
        """Return the plan at a moment; one that has run to its end is no plan any more."""
        known = [plan for at, plan in self.plans if at <= moment]
        plan = known[-1 - back] if len(known) > back else ()
        return plan if any(command.end > moment for command in plan) else ()

    def details_at(self, moment: datetime, *, back: int = 0) -> dict[str, str]:
        """Return the details changed up to a moment."""
        known = [details for at, details in self.details if at <= moment]
        return {name: value for details in known[: len(known) - back] for name, value in details.items()}

    def accept(self, *, now: datetime, **accepted: Unpack[Accepted]) -> None:
        """Add what is given; entries of its kind later than now are dropped."""
        if "mode" in accepted:
            self.modes = [entry for entry in self.modes if entry[0] <= now] + [(now, accepted["mode"])]
        if "plan" in accepted:
            self.plans = [entry for entry in self.plans if entry[0] <= now] + [(now, accepted["plan"])]
        if "details" in accepted:
            self.details = [entry for entry in self.details if entry[0] <= now] + [(now, accepted["details"])]

    def segments(self, start: float, end: float) -> list[Segment]:
        """Return the segments between two moments, without a gap."""
        if not self.modes and not self.plans:
            return [Segment(start=start, end=end, mode=self.first_mode, command=None)]
        reigns = self._reigns(start, end)
        cuts = {start, end} | {at.timestamp() for at, _ in self.modes}
        for reign_start, reign_end, plan in reigns:
            cuts.add(reign_start)
            for command in plan:
                inside = (command.start.timestamp(), command.end.timestamp())
                cuts.update(cut for cut in inside if reign_start < cut < reign_end)
        moments = sorted(cut for cut in cuts if start <= cut <= end)
        return [self._segment(a, b, reigns) for a, b in zip(moments, moments[1:], strict=False)]

    def _reigns(self, start: float, end: float) -> list[tuple[float, float, tuple[PlannedCommand, ...]]]:
        accepted = [(at.timestamp(), plan) for at, plan in self.plans]
        ends = [at for at, _ in accepted[1:]] + [float("inf")]
        reigns = [(at, until, plan) for (at, plan), until in zip(accepted, ends, strict=False)]
        return [reign for reign in reigns if reign[0] < end and reign[1] > start]

    def _segment(
        self, start: float, end: float, reigns: list[tuple[float, float, tuple[PlannedCommand, ...]]]
    ) -> Segment:
        modes = [mode for at, mode in self.modes if at.timestamp() <= start]
        plan = next((plan for since, until, plan in reigns if since <= start < until), ())
        ruling = (c for c in plan if c.start.timestamp() <= start < c.end.timestamp())
        return Segment(
            start=start, end=end, mode=modes[-1] if modes else self.first_mode, command=next(ruling, None)
        )


def packed(ledger: Ledger) -> Stored:
    return {
        "first_mode": ledger.first_mode,
        "modes": [(at.isoformat(), mode) for at, mode in ledger.modes],
        "plans": [(at.isoformat(), list(map(_packed_command, plan))) for at, plan in ledger.plans],
        "details": [(at.isoformat(), details) for at, details in ledger.details],
    }


def unpacked(stored: Stored) -> Ledger:
    return Ledger(
        first_mode=stored["first_mode"],
        modes=[(datetime.fromisoformat(at), mode) for at, mode in stored["modes"]],
        plans=[
            (datetime.fromisoformat(at), tuple(_unpacked_command(command) for command in plan))
            for at, plan in stored["plans"]
        ],
        details=[(datetime.fromisoformat(at), details) for at, details in stored["details"]],
    )


def _packed_command(command: PlannedCommand) -> dict[str, Any]:
    return asdict(command) | {"start": command.start.isoformat(), "end": command.end.isoformat()}


def _unpacked_command(stored: dict[str, Any]) -> PlannedCommand:
    span = {name: datetime.fromisoformat(stored[name]) for name in ("start", "end")}
    return PlannedCommand(**stored | span)
