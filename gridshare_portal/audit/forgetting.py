"""Make deleted people and homes nameless in the audit log, and drop events that are old enough.

The only module that changes or deletes events. What was done, when, and on behalf of which organization
stays; who did it, to which home and in which words does not lead to anybody any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from gridshare_portal.audit import models, names

SOMEBODY = "A deleted account"
NOWHERE = "an address that is no longer kept"
NAMING = ("member", "to")  # details that name an event's subject
PROPOSALS = (
    names.Name.CHANGE_PROPOSED,
    names.Name.PROPOSAL_APPROVED,
    names.Name.PROPOSAL_DECLINED,
    names.Name.PROPOSAL_WITHDRAWN,
)
INVITATIONS = (names.Name.MEMBER_INVITED, names.Name.INVITATION_WITHDRAWN)


def forget_person(pk: int) -> None:
    """Take a person's name out of what they did, what was done to them, and what they proposed."""
    done = _events().filter(actor_id=pk)
    proposals = list(done.filter(name=names.Name.CHANGE_PROPOSED).values_list("site_id", "details__proposal"))
    done.update(actor_label=SOMEBODY)
    _rewrite(_events().filter(subject_id=pk), dict.fromkeys(NAMING, SOMEBODY))
    homes, proposed = {home for home, _proposal in proposals}, {proposal for _home, proposal in proposals}
    answered = _events().filter(site_id__in=homes, name__in=PROPOSALS, details__proposal__in=proposed)
    _rewrite(answered, {"by": SOMEBODY})


def forget_home(audit_id: str) -> None:
    """Keep of a home's events only what was done, by whom and when, under a name that is made up for it."""
    pseudonym = f"deleted-{secrets.token_hex(6)}"
    _events().filter(site_id=audit_id).update(site_id=pseudonym, device_id="", details={})


def forget_address(email: str, *, organization_id: int) -> None:
    """Take an e-mail address out of what is recorded of invitations by an organization."""
    invited = _events().filter(organization_id=organization_id, name__in=INVITATIONS, details__email=email)
    _rewrite(invited, {"email": NOWHERE})


def forget_asked(*, organization_id: int, at: datetime) -> None:
    """Take what is left of an address or serial number out of what an organization asked at a moment."""
    asked = _events().filter(organization_id=organization_id, at=at, name=names.Name.ACCESS_ASKED)
    _rewrite(asked, {"to": NOWHERE})


def drop(events: Iterable[int]) -> int:
    """Delete the events with these keys; return how many there were."""
    return _events().filter(pk__in=list(events)).delete()[0]


def oldest(*, before: datetime, at_most: int) -> list[int]:
    """Return the keys of events from before a moment, among the `at_most` that were written first.

    Events are written in the order of time, so the table is read from its beginning and never as a whole.
    """
    first = _events().order_by("pk").values_list("pk", "at")[:at_most]
    return [pk for pk, at in first if at < before]


def _rewrite(events: QuerySet[models.Event], written: dict[str, str]) -> None:
    """Replace those of these details that an event has."""
    for event in events.filter(details__has_any_keys=[*written]).iterator(chunk_size=500):
        said = {key: written.get(key, value) for key, value in event.details.items()}
        _events().filter(pk=event.pk).update(details=said)


def _events() -> QuerySet[models.Event]:
    """Return all events as rows that can be changed, newest first only where asked for."""
    return QuerySet(models.Event).order_by()
