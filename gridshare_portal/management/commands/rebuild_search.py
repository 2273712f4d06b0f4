"""Write the index of search anew, should it ever tell less than the homes do."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts


class Command(BaseCommand):
    """Go through the homes of each organization; staff can search meanwhile."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for whom."""
        parser.add_argument("--organization", default="", help="only for this one: its name in addresses")

    def handle(self, *args: object, organization: str, **options: object) -> None:
        """Write, and say how many homes each organization is found to have."""
        found = accounts.Organization.objects.order_by("slug")
        if organization:
            found = found.filter(slug=organization)
        if not found:
            raise CommandError("There is no such organization.")
        _take_your_time()
        for one in found:
            self.stdout.write(f"{one.slug}: {entries.rebuild(one):,} shared homes")


def _take_your_time() -> None:
    """Lift the limit that keeps a page from waiting for the database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
