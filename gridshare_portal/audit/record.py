"""Add an event to the audit log; nothing else creates one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from gridshare_portal.audit import models, names


class Person(Protocol):
    """Who did something, to whom or on whose behalf it was done: any user or organization."""

    @property
    def pk(self) -> int:
        pass


class Thing(Protocol):
    """A home or a device, by the API's id; a home that has an `audit_id` is known to the record by that."""

    synth_id: str


def add(
    *,
    name: names.Name,
    at: datetime,
    actor: Person | None = None,
    site: Thing | str | None = None,
    device: Thing | str | None = None,
    subject: Person | None = None,
    organization: Person | None = None,
    details: Mapping[str, object] | None = None,
) -> models.Event:
    """Add one event, in the transaction of the action it records.

    An actor of None means the portal itself; an organization is the one on whose behalf the actor acted.
    Details hold words and numbers, never a token.
    """
    return models.Event.objects.create(
        at=at,
        name=name,
        actor_id=actor.pk if actor else None,
        actor_label=str(actor) if actor else "",
        site_id=_id(site),
        device_id=_id(device),
        subject_id=subject.pk if subject else None,
        organization_id=organization.pk if organization else None,
        details=dict(details or {}),
    )


def _id(thing: Thing | str | None) -> str:
    if thing is None:
        return ""
    if isinstance(thing, str):
        return thing
    found: str = getattr(thing, "audit_id", thing.synth_id)
    return found
