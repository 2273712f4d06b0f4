"""`python -m tests.faults.inside WHAT`: what only the portal's own code can do or tell, as one line of JSON.

It runs as a program of its own, with the settings of the portal that it asks.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

HOMEOWNERS = {
    "ada@portal.example": "ada",
    "cora@portal.example": "cora",
    "ben@portal.example": "ben",
    "cleo@portal.example": "cleo",
}
STAFF = {
    "ines@sunfix.example": ("installer", "SunFix", "operator"),
    "rita@brightgrid.example": ("retailer", "BrightGrid", "admin"),
}
COMES_BY_CODE = "nora@portal.example"


def prepare() -> dict[str, str]:
    """Migrate, and write people with a session each."""
    from django.conf import settings
    from django.core.management import call_command

    from tests import people

    call_command("migrate", verbosity=0)
    visitors = {email: people.signed_in(email) for email in HOMEOWNERS}
    for email, (kind, name, role) in STAFF.items():
        visitors[email] = people.staff(email, people.organization(kind, name), role)
    people.person(COMES_BY_CODE)
    return {email: one.cookies[settings.SESSION_COOKIE_NAME].value for email, one in visitors.items()}


def share() -> dict[str, str]:
    """Let the staff into every home that was read, and return its id by whose it is."""
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.sites import models as sites
    from tests import people

    for reach in sites.ConnectionSite.objects.select_related("site", "connection__user"):
        for right, organization in zip(
            ("control", "view"), accounts.Organization.objects.order_by("kind"), strict=True
        ):
            people.share(reach.site, organization, reach.connection.user, right=right)
    return {}


def due() -> dict[str, str]:
    """Have every token refreshed from now on."""
    from django.utils import timezone

    from gridshare_portal.lunar import models

    models.Connection.objects.update(refresh_due_at=timezone.now())
    return {}


def tell() -> dict[str, object]:
    """Let the time pass that open ends wait for, use every connection, and tell everything that was kept."""
    from django.utils import timezone

    _let_time_pass(timezone.now())
    refused, tokens = _connections()
    return {"changes": _changes(), "events": _events(), "refused": refused, "tokens": tokens}


def _let_time_pass(now: datetime) -> None:
    from gridshare_portal.control import models, read_back

    for minutes in (2, 5, 10, 20, 40, 60, 90, 120):  # as often as a change is looked for at most
        later = now + timedelta(minutes=minutes)
        read_back.settle_stuck(changes=models.Change.objects.all(), now=later)
        for pk in read_back.due(now=later).values_list("pk", flat=True):
            read_back.read_again(change_pk=pk, now=later)


def _connections() -> tuple[dict[str, str], list[str]]:
    from django.utils import timezone

    from gridshare_portal.lunar import models
    from gridshare_portal.lunar.tokens import refresh
    from gridshare_portal.sites import clients

    refused, tokens = {}, []
    models.Connection.objects.filter(status="active").update(
        access_expires_at=timezone.now(), refresh_due_at=timezone.now(), retry_at=None
    )
    for row in models.Connection.objects.select_related("user"):
        try:
            refresh.access_token(row.pk)
            row.refresh_from_db()
            clients.for_connection(row).list_sites()
        except Exception as why:
            refused[row.user.email] = f"{row.status}, {type(why).__name__}: {why}"
        else:
            tokens += [row.access_token(), row.refresh_token()]
    return refused, tokens


def _changes() -> list[dict[str, object]]:
    from gridshare_portal.control import models

    return [
        {
            "key": str(row.pk),
            "device": row.device.synth_id,
            "kind": row.kind,
            "value": _value(row.kind, row.asked),
            "outcome": row.outcome,
            "sent_at": row.sent_at and row.sent_at.timestamp(),
            "settled_at": row.settled_at and row.settled_at.timestamp(),
        }
        for row in models.Change.objects.select_related("device")
    ]


def _value(kind: str, asked: dict) -> str:
    if kind == "mode":
        return asked["mode"]
    if kind == "plan":
        return ",".join(f"{one['power_limit_w']:.0f}" for one in asked["commands"])
    return asked.get("serial_number", "")


def _events() -> list[dict[str, object]]:
    from gridshare_portal.audit.models import Event

    told = Event.objects.filter(name__in=("change_asked", "change_settled")).order_by("pk")
    return [
        {"name": one.name, "change": one.details["change"], "outcome": one.details["outcome"]} for one in told
    ]


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(globals()[sys.argv[1]]()))
