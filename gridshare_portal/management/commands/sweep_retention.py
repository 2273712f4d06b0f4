"""Delete what is kept no longer, at once and to the end; beat does the same once an hour."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from gridshare_portal.retention import sweep

FOR_S = 3600.0


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many rows would go")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        _take_your_time()
        now = timezone.now()
        if dry_run:
            counts = sweep.due(now=now)
        else:
            counts = sweep.run(now=now, for_s=FOR_S).gone
        for rule, count in counts.items():
            self.stdout.write(f"{rule}: {count:,}")
        self.stdout.write(f"{sum(counts.values()):,} rows {'would go' if dry_run else 'are gone'}.")


def _take_your_time() -> None:
    """Lift the statement timeout that pages run under."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
