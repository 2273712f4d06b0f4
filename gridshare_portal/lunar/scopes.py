"""The scopes that a homeowner can grant the portal at Lunar, in plain words.

The four scopes are Lunar's; the order, the words and the difference between reading and changing are ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEVICE_READ = "lunar/device.read"
DEVICE_WRITE = "lunar/device.write"
PLAN_READ = "lunar/plan.read"
PLAN_WRITE = "lunar/plan.write"


@dataclass(frozen=True, kw_only=True)
class Scope:
    id: str
    title: str
    sentence: str
    writes: bool


SCOPES = (
    Scope(
        id=DEVICE_READ,
        title="See your home and its readings",
        sentence="Your devices, how they belong together, their mode, and the power they make and use.",
        writes=False,
    ),
    Scope(
        id=PLAN_READ,
        title="See the plan for your battery",
        sentence="What the battery has been told to do, and until when.",
        writes=False,
    ),
    Scope(
        id=DEVICE_WRITE,
        title="Change the mode and the details of a device",
        sentence="Switch the battery between its modes and correct a device's maker, model or serial number. "
        "Only when you press a button here.",
        writes=True,
    ),
    Scope(
        id=PLAN_WRITE,
        title="Change the plan for your battery",
        sentence="Tell the battery to charge, discharge or hold for some hours, and cancel that again. "
        "Only when you press a button here.",
        writes=True,
    ),
)
KNOWN = frozenset(scope.id for scope in SCOPES)
READING = frozenset(scope.id for scope in SCOPES if not scope.writes)


def chosen(ids: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes to request, in our order; empty when none or an unknown one was named.

    Empty must never be sent on: Cognito grants everything when no scope is requested.
    """
    wanted = set(ids)
    if not wanted <= KNOWN:
        return ()
    return tuple(scope.id for scope in SCOPES if scope.id in wanted)


def find(scope_id: str) -> Scope | None:
    return next((scope for scope in SCOPES if scope.id == scope_id), None)
