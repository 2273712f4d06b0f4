"""The operations on a device: set its mode, its plan or its details, with the scopes and the read-back of
each.

Nothing here writes; only control.changes does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from gridshare_portal.control import outcomes
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import types

DEVICE_READ, DEVICE_WRITE = "lunar/device.read", "lunar/device.write"
PLAN_READ, PLAN_WRITE = "lunar/plan.read", "lunar/plan.write"
MODES = ("Simple", "Schedule", "Smart")
DETAILS = ("manufacturer", "model", "serial_number")
LONGEST_DETAIL = 200

Kept = rules.KeptPlan | dict[str, str]  # an operation, or what was read, as JSON in a row


@dataclass(frozen=True, kw_only=True)
class AskMode:
    """Set the operation mode."""

    mode: str
    kind: ClassVar[str] = "mode"
    scope: ClassVar[str] = DEVICE_WRITE
    reading_scope: ClassVar[str] = DEVICE_READ

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError("there is no such mode to ask for")

    @property
    def wanted(self) -> types.Mode:
        return types.Mode(name=self.mode, raw=self.mode)

    def to_json(self) -> dict[str, str]:
        return {"mode": self.mode}

    def look(self, client: gridshare.Client, synth_id: str) -> types.Mode:
        return client.get_device_operation_mode(synth_id)


@dataclass(frozen=True, kw_only=True)
class AskPlan:
    """Set the overlay plan; a plan without commands cancels the present one."""

    plan: types.Plan
    kind: ClassVar[str] = "plan"
    scope: ClassVar[str] = PLAN_WRITE
    reading_scope: ClassVar[str] = PLAN_READ

    @property
    def wanted(self) -> types.Plan:
        return self.plan

    def to_json(self) -> rules.KeptPlan:
        return rules.to_json(self.plan)

    def look(self, client: gridshare.Client, synth_id: str) -> types.Plan:
        return client.get_device_overlay_plan(synth_id)


@dataclass(frozen=True, kw_only=True)
class AskDetails:
    """Set any of manufacturer, model and serial_number."""

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
        return self.changes

    def to_json(self) -> dict[str, str]:
        return dict(self.changes)

    def look(self, client: gridshare.Client, synth_id: str) -> types.Device:
        return client.get_device(synth_id)


Ask = AskMode | AskPlan | AskDetails


def what_differs(operation: Ask, known: Mapping[str, str]) -> Ask | None:
    """Return the operation without the details that are so already; None when nothing is left."""
    if not isinstance(operation, AskDetails):
        return operation
    changes = {name: value for name, value in operation.changes.items() if known.get(name) != value}
    return AskDetails(changes=changes) if changes else None


def kept(operation: Ask, read: outcomes.Read) -> Kept:
    """Return what was read of a device as JSON, in the shape of the operation's own."""
    if isinstance(read, types.Mode):
        return {"mode": read.name}
    if isinstance(read, types.Plan):
        return rules.to_json(read)
    names = operation.changes if isinstance(operation, AskDetails) else DETAILS
    return {name: getattr(read, name) or "" for name in names}


def reported(operation: Ask, known: Kept | None) -> outcomes.Wanted | None:
    """Return what `kept` wrote of a reading, to be compared with another one; None where nothing was read."""
    if known is None:
        return None
    if isinstance(operation, AskPlan):
        return rules.from_json(cast("rules.KeptPlan", known))
    texts = cast("dict[str, str]", known)
    return types.Mode(name=texts["mode"], raw=texts["mode"]) if isinstance(operation, AskMode) else texts


def replaces(later: Ask, earlier: Ask) -> bool:
    """Return whether the later of two operations of one kind leaves nothing of the earlier in force."""
    if isinstance(later, AskDetails) and isinstance(earlier, AskDetails):
        return any(later.changes.get(name, value) != value for name, value in earlier.changes.items())
    return later.to_json() != earlier.to_json()


def fault_of(operation: Ask, *, now: datetime, limit_w: float | None, words: types.PlanWords) -> str:
    """Return why the operation's plan, if it has one, cannot be set now, as a sentence, or "". Limit in W.

    What the service has no word for, by `words`, cannot be set either.
    """
    if not isinstance(operation, AskPlan):
        return ""
    return rules.fault_of(operation.plan, now=now, limit_w=limit_w, words=words)


def from_json(kind: str, kept: Any) -> Ask:
    """Return the operation that `to_json` of this kind wrote."""
    if kind == AskMode.kind:
        return AskMode(mode=kept["mode"])
    if kind == AskPlan.kind:
        return AskPlan(plan=rules.from_json(kept))
    return AskDetails(changes=kept)
