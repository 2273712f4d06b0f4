"""Fetch a home's readings anew: what the service says now replaces what is stored, and nothing is erased."""

from __future__ import annotations

from datetime import date

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("home", help="the home's id at Lunar, as in its address")
        parser.add_argument(
            "--from", dest="since", metavar="DATE", help="the first day, as in 2026-11-22; all if left out"
        )

    def handle(self, *args: object, home: str, since: str | None, **options: object) -> None:
        now = timezone.now()
        first = _day(since)
        if first is not None and first > now.date():
            raise CommandError("That day has not come yet.")
        found = list(sites.Site.objects.filter(synth_id=home))
        if not found:
            raise CommandError("No home has that id.")
        for site in found:
            days = collect.refetch(site=site, now=now, since=first)
            self.stdout.write(f"{days} stored days will be asked for again, and what was never fetched.")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as problem:
        raise CommandError("Write the day as year, month, day, as in 2026-11-22.") from problem
