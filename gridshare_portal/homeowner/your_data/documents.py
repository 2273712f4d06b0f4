"""What is known about a person and their homes, as JSON: only what they may see, and nothing secret.

Each document is a list of dictionaries or one of them, as anybody's program reads it. No token, code, key or
digest is ever read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q

from gridshare_portal.access import durations, requests
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.control import models as control
from gridshare_portal.control import queries as control_queries
from gridshare_portal.files import cells
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.activity import words as activity_words
from gridshare_portal.homeowner.control import receipts
from gridshare_portal.lunar import queries as connections
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries

CHUNK = 200
FACTORS = {"totp": "authenticator app", "webauthn": "passkey", "recovery_codes": "recovery codes"}
DONE_HEADS = ("time_utc", "who", "what", "home_id", "organization")

Document = Mapping[str, object]


def written(document: object) -> Iterator[str]:
    """Yield one document as text."""
    yield json.dumps(document, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"


def listed(documents: Iterable[Document]) -> Iterator[str]:
    """Yield a list of documents as text, one at a time."""
    before = "["
    for document in documents:
        yield before + "\n" + "".join(written(document)).rstrip("\n")
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def account(user: accounts.User) -> Document:
    """Return who the person is here, how they sign in, and whom they work for."""
    addresses = EmailAddress.objects.filter(user=user.pk).order_by("pk")
    factors = Authenticator.objects.filter(user=user.pk).order_by("pk")
    signed_in = UserSession.objects.filter(user=user.pk).order_by("pk")
    memberships = user.memberships.select_related("organization").order_by("pk")
    return {
        "name": user.name,
        "email_addresses": list(addresses.values("email", "verified", "primary")),
        "joined_at": user.date_joined,
        "last_sign_in_at": user.last_login,
        "second_factors": [_factor(one) for one in factors],
        "signed_in": [
            {"since": one.created_at, "network_address": one.ip, "browser": one.user_agent}
            for one in signed_in
        ],
        "works_for": [
            {"organization": one.organization.name, "role": one.role, "since": one.created_at}
            for one in memberships
        ],
    }


def lunar_accounts(user: accounts.User) -> list[Document]:
    return [
        {
            "lunar_account": one.username,
            "lunar_account_id": one.sub,
            "status": one.get_status_display(),
            "status_since": one.status_since_at,
            "allowed": sorted(one.scope_set),
            "allowed_since": one.authorized_at,
            "last_reading_that_worked_at": one.last_read_at,
            "homes": [site.synth_id for site in site_queries.sites_of(one)],
        }
        for one in connections.connections_of(user)
    ]


def home(site: sites.Site, files: Mapping[int, str]) -> Document:
    """Return a home as last read; `files` names the file of each sensor's readings by the sensor's key."""
    states = {state.device_id: state for state in control_queries.states_of(site)}
    devices = site.devices.order_by("pk")
    return {
        "home_id": site.former_id or site.synth_id,
        "name": site.name,
        "time_zone": site.time_zone,
        "known_since": site.created_at,
        "known_until": site.left_at,
        "devices": [_device(one, states.get(one.pk)) for one in devices],
        "sensors": [
            {
                "sensor_id": one.synth_id,
                "device_id": one.device.synth_id if one.device else None,
                "kind": one.kind,
                "measures": sites.Role(one.role).label if one.role in sites.Role.values else one.role,
                "gone_at": one.gone_at,
                "readings": files[one.pk],
            }
            for one in site.sensors.select_related("device")
        ],
        "topology": site.topology,
    }


def changes(site: sites.Site, user: accounts.User, *, since: datetime) -> Iterator[Document]:
    """Yield the changes of a home, newest first, since the person first connected it."""
    found = control_queries.changes_in([site]).filter(made_at__gte=since)
    reader = viewer.Reader(user_id=user.pk)
    for one in found.iterator(chunk_size=CHUNK):
        yield {
            "what": receipts.KINDS.get(one.kind, one.kind),
            "device_id": one.device.synth_id,
            "asked_by": receipts.who(one, reader),
            "for_organization": one.consent.organization.name if one.consent else None,
            "reason": one.reason,
            "before": one.before,
            "asked": one.asked,
            "after": one.after,
            "outcome": one.get_outcome_display(),
            "outcome_in_words": one.sentence,
            "asked_at": one.made_at,
            "sent_at": one.sent_at,
            "accepted_at": one.accepted_at,
            "settled_at": one.settled_at,
        }


def proposals(site: sites.Site, user: accounts.User, *, since: datetime, now: datetime) -> Iterator[Document]:
    """Yield what organizations proposed for a home, newest first."""
    reader = viewer.Reader(user_id=user.pk)
    found = control_queries.proposals_in([site], now=now).filter(made_at__gte=since)
    for one in found.iterator(chunk_size=CHUNK):
        yield {
            "what": receipts.KINDS.get(one.kind, one.kind),
            "device_id": one.device.synth_id,
            "proposed_by": receipts.proposer(one, reader),
            "organization": one.consent.organization.name,
            "asked": one.asked,
            "reason": one.reason,
            "proposed_at": one.made_at,
            "lapses_at": one.expires_at,
            "answer": one.get_answer_display(),
            "answered_at": one.answered_at,
        }


def consents(user: accounts.User) -> Iterator[Document]:
    """Yield what the person shared with whom, newest first; what others shared is theirs."""
    given = access.Consent.objects.filter(given_by=user.pk).select_related("site", "organization")
    for one in given.iterator(chunk_size=CHUNK):
        yield {
            "home": one.site.name,
            "home_id": one.site.former_id or one.site.synth_id,
            "organization": one.organization.name,
            "right": one.get_right_display(),
            "ask_before_every_change": one.ask_first,
            "from": one.from_at,
            "until": one.until_at,
            "ended_at": one.ended_at,
            "ended_how": one.ended_how,
        }


def asked_of(user: accounts.User, *, now: datetime) -> Iterator[Document]:
    """Yield what organizations asked the person to share: what waits, and what the person answered."""
    waiting = list(requests.waiting_for(user, now=now))
    answered = access.Request.objects.filter(answered_by=user.pk).select_related("organization")
    for one in [*waiting, *answered]:
        yield {
            "organization": one.organization.name,
            "right": one.get_right_display(),
            "lasts": durations.find(one.lasts).words,
            "message": one.message,
            "asked_at": one.made_at,
            "ends_at": one.expires_at,
            "answer": one.get_answer_display(),
            "answered_at": one.answered_at,
        }


def done(user: accounts.User, homes: Iterable[sites.Site]) -> Iterator[str]:
    """Yield, as lines of CSV, what the person did and what was done to the account, newest first.

    Homes of other people, in which somebody worked for an organization, are not named.
    """
    yield from cells.lines([DONE_HEADS])
    own = {home.audit_id: home.former_id or home.synth_id for home in homes}
    names = dict(accounts.Organization.objects.values_list("pk", "name"))
    events = audit.Event.objects.filter(Q(actor_id=user.pk) | Q(subject_id=user.pk))
    for event in events.iterator(chunk_size=CHUNK):
        row = [
            event.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "You" if event.actor_id == user.pk else cells.text(event.actor_label or "The portal"),
            cells.text(activity_words.as_named(event)),
            cells.text(own.get(event.site_id, "")),
            cells.text(names.get(event.organization_id, "")) if event.organization_id else "",
        ]
        yield from cells.lines([row])


def _factor(one: Authenticator) -> Document:
    name = str(one.data.get("name", "")) if one.type == Authenticator.Type.WEBAUTHN else ""
    kind = FACTORS.get(one.type, one.type)
    return {"kind": kind, "name": name, "since": one.created_at, "last_used_at": one.last_used_at}


def _device(one: sites.Device, state: control.State | None) -> Document:
    return {
        "device_id": one.synth_id,
        "kind": one.kind,
        "manufacturer": one.manufacturer,
        "model": one.model,
        "serial_number": one.serial_number,
        "capacity_wh": one.capacity_wh,
        "power_limit_w": one.power_limit_w,
        "more": one.extra,
        "read_at": one.details_read_at,
        "gone_at": one.gone_at,
        "mode": state.mode if state else None,
        "mode_read_at": state.mode_read_at if state else None,
        "plan": state.plan if state else None,
        "plan_read_at": state.plan_read_at if state else None,
    }
