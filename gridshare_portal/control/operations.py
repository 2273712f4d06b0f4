"""What can be asked of a device, each with what it needs: a scope to write, a scope to read, and the look.

Nothing here writes; that is control.changes' alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gridshare_portal.control import outcomes
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import types

DEVICE_READ, DEVICE_WRITE = "lunar/device.read", "lunar/device.write"
PLAN_READ, PLAN_WRITE = "lunar/plan.read", "lunar/plan.write"
MODES = ("Simple", "Schedule", "Smart")
DETAILS = ("manufacturer", "model", "serial_number")
LONGEST_DETAIL = 200

Kept = rules.KeptPlan | dict[str, str]  # a wish, or what was read, as a row keeps it


@dataclass(frozen=True, kw_only=True)
class AskMode:
    """Ask for another operation mode."""

    mode: str
    kind: ClassVar[str] = "mode"
    scope: ClassVar[str] = DEVICE_WRITE
    reading_scope: ClassVar[str] = DEVICE_READ

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError("there is no such mode to ask for")

    @property
    def wanted(self) -> types.Mode:
        """Return what the device is to say afterwards."""
        return types.Mode(name=self.mode, raw=self.mode)

    def to_json(self) -> dict[str, str]:
        """Return the wish as it is kept in a row."""
        return {"mode": self.mode}

    def look(self, client: gridshare.Client, synth_id: str) -> types.Mode:
        """Read from the device what this wish is about."""
        return client.get_device_operation_mode(synth_id)


@dataclass(frozen=True, kw_only=True)
class AskPlan:
    """Ask for another overlay plan; a plan without commands cancels the one there is."""

    plan: types.Plan
    kind: ClassVar[str] = "plan"
    scope: ClassVar[str] = PLAN_WRITE
    reading_scope: ClassVar[str] = PLAN_READ

    @property
    def wanted(self) -> types.Plan:
        """Return what the device is to say afterwards."""
        return self.plan

    def to_json(self) -> rules.KeptPlan:
        """Return the wish as it is kept in a row."""
        return rules.to_json(self.plan)

    def look(self, client: gridshare.Client, synth_id: str) -> types.Plan:
        """Read from the device what this wish is about."""
        return client.get_device_overlay_plan(synth_id)


@dataclass(frozen=True, kw_only=True)
class AskDetails:
    """Ask for other details of a device: manufacturer, model or serial_number, as many as are to change."""

    changes: Mapping[str, str]
    kind: ClassVar[str] = "details"
    scope: ClassVar[str] = DEVICE_WRITE
    reading_scope: ClassVar[str] = DEVICE_READ

    def __post_init__(self) -> None:
        texts = [isinstance(value, str) and len(value) <= LONGEST_DETAIL for value in self.changes.values()]
        if not self.changes or not set(self.changes) <= set(DETAILS) or not all(texts):
            raise ValueError("these are not details that can be asked for")

    @property
    def wanted(self) -> Mapping[str, str]:
        """Return what the device is to say afterwards."""
        return self.changes

    def to_json(self) -> dict[str, str]:
        """Return the wish as it is kept in a row."""
        return dict(self.changes)

    def look(self, client: gridshare.Client, synth_id: str) -> types.Device:
        """Read from the device what this wish is about."""
        return client.get_device(synth_id)


Ask = AskMode | AskPlan | AskDetails


def what_differs(asked: Ask, known: Mapping[str, str]) -> Ask | None:
    """Return the wish without the details that are already so, or None when nothing is left to ask for."""
    if not isinstance(asked, AskDetails):
        return asked
    changes = {name: value for name, value in asked.changes.items() if known.get(name) != value}
    return AskDetails(changes=changes) if changes else None


def kept(asked: Ask, read: outcomes.Read) -> Kept:
    """Return what was read of a device as it is kept beside the wish."""
    if isinstance(read, types.Mode):
        return {"mode": read.name}
    if isinstance(read, types.Plan):
        return rules.to_json(read)
    names = asked.changes if isinstance(asked, AskDetails) else DETAILS
    return {name: getattr(read, name) or "" for name in names}


def from_json(kind: str, asked: Any) -> Ask:
    """Return the wish that a row keeps, as JSON of a form that its kind decides."""
    if kind == AskMode.kind:
        return AskMode(mode=asked["mode"])
    if kind == AskPlan.kind:
        return AskPlan(plan=rules.from_json(asked))
    return AskDetails(changes=asked)
