"""Write a backup of the database, without any key, while the portal runs."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridshare_portal.upkeep import backups, databases


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where backups are kept, and no key")
        parser.add_argument("--keep", type=int, help="leave so many of the newest; without it all stay")

    def handle(self, *args: object, folder: Path, keep: int | None, **options: object) -> None:
        if keep is not None and keep < 1:
            raise CommandError("Keep at least one backup.")
        try:
            made = backups.save(folder, keep=keep, now=timezone.now())
        except (backups.Refused, databases.Failed) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(str(made))
