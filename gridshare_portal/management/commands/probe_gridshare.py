"""Read through one connected account what the Gridshare service really does, and print the settings to use.

It reads and never writes. The report holds no name, address, id, reading or token. The account's homeowner
finds in the home's activity that the portal looked.
"""

from __future__ import annotations

import secrets

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridshare_portal.audit import names as events
from gridshare_portal.audit import record
from gridshare_portal.lunar import models as lunar
from gridshare_portal.probe import asking, learning, report
from gridshare_portal.probe.rules import names
from gridshare_portal.sites import clients
from gridshare_portal.sites import models as sites

PAUSE_S = 0.5


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--account",
            default="",
            metavar="EMAIL",
            help="whose Lunar account to read through, if several are connected",
        )
        parser.add_argument(
            "--pause",
            type=float,
            default=PAUSE_S,
            metavar="SECONDS",
            help="how long to wait between two questions",
        )

    def handle(self, *args: object, account: str, pause: float, **options: object) -> None:
        if not 0 <= pause <= 60:
            raise CommandError("Wait between 0 and 60 seconds.")
        connection = _connection(account)
        now = timezone.now()
        try:
            client = clients.for_connection(connection)
            _tell_homeowner(connection)
            seen = asking.Prober(
                client, alias=names.Alias(secrets.token_bytes(32)), now=now, pause_s=pause
            ).run()
        except clients.AccessPathError as failure:
            raise CommandError(str(failure)) from failure
        found, settings = learning.learned(seen), learning.settings(seen)
        for line in report.lines(found, settings=settings, questions=seen.questions, now=now):
            self.stdout.write(line)


def _connection(account: str) -> lunar.Connection:
    found = lunar.Connection.objects.filter(status=lunar.Connection.Status.ACTIVE)
    if account:
        found = found.filter(user__email__iexact=account)
    count = found.count()
    if not count:
        raise CommandError(
            "No Lunar account is connected by that person." if account else "No Lunar account is connected."
        )
    if count > 1 and not account:
        raise CommandError(f"{count} Lunar accounts are connected: choose one by --account EMAIL.")
    return found.order_by("-authorized_at")[0]


def _tell_homeowner(connection: lunar.Connection) -> None:
    """Leave an event in each home that the account reaches: its homeowner reads who looked."""
    for site in sites.Site.objects.filter(
        connection_sites__connection=connection, connection_sites__lost_at=None
    ):
        details = {"operation": "probe_gridshare"}
        record.add(name=events.Name.ANSWER_ASKED, at=timezone.now(), site=site, details=details)
