"""Rewrite the search index, should it be missing entries."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", default="", help="only for this one: its name in addresses")

    def handle(self, *args: object, organization: str, **options: object) -> None:
        found = accounts.Organization.objects.order_by("slug")
        if organization:
            found = found.filter(slug=organization)
        if not found:
            raise CommandError("There is no such organization.")
        _take_your_time()
        for one in found:
            self.stdout.write(f"{one.slug}: {entries.rebuild(one):,} shared homes")


def _take_your_time() -> None:
    """Lift the statement timeout that pages run under."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
