"""Put a backup into the empty database that DATABASE_URL names."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gridshare_portal.upkeep import backups, databases, manifest


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="a folder that `backup` wrote")
        parser.add_argument("--check", action="store_true", help="only say whether it could be restored")
        parser.add_argument("--without-keys", action="store_true", help="although its keys are lost")

    def handle(self, *args: object, backup: Path, check: bool, without_keys: bool, **options: object) -> None:
        act = backups.check if check else backups.load
        try:
            found = act(backup, needs_keys=not without_keys)
        except (backups.Refused, databases.Failed, manifest.Unreadable) as refusal:
            raise CommandError(str(refusal)) from refusal
        done = "can be restored" if check else "is restored"
        self.stdout.write(f"The backup of {found.made_at}, made by {found.version}, {done}.")
        if not check:
            self.stdout.write("Now run: manage.py migrate. Everybody signs in anew.")
