"""Make up many homes that are shared with one organization: to look at, and to measure with.

Lunar knows none of them, so nothing is read through their connections and bulk runs leave them out.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.synthetic import examined, rows

OWN = "People's own homes are in this database. Practice homes go into a demonstration or an empty database."
ASK = "This makes up people and homes. Run it with DEMO on, or with --yes in a database for nothing else."
MOST_DAYS = 400


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, help="how many homes to add")
        parser.add_argument(
            "--organization", default="", help="with whom they are shared: its name in addresses"
        )
        parser.add_argument("--kind", choices=accounts.Organization.Kind.values, default="installer")
        parser.add_argument(
            "--days", type=int, default=1, help="how many days of readings each home has, today's included"
        )
        parser.add_argument(
            "--ready", action="store_true", help="also examine all homes and count a retailer's portfolio"
        )
        parser.add_argument(
            "--yes", action="store_true", help="also without DEMO, where no real home is kept"
        )

    def handle(
        self,
        *args: object,
        count: int,
        organization: str,
        kind: str,
        days: int,
        ready: bool,
        yes: bool,
        verbosity: int,
        **options: object,
    ) -> None:
        if count < 1:
            raise CommandError("Ask for at least one home.")
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(f"Ask for no more than {MOST_DAYS} days of readings.")
        if not settings.DEMO and not yes:
            raise CommandError(ASK)
        if not settings.DEMO and rows.has_real_connections():
            raise CommandError(OWN)
        host = _organization(organization, kind)
        made = rows.make(count=count, organization=host, now=timezone.now(), days=days)
        self._tell(made, "homes shared with " + host.slug, verbosity)
        if not ready:
            return
        self._tell(examined.make(now=timezone.now()), "homes examined", verbosity)
        if host.kind == accounts.Organization.Kind.RETAILER:
            began_s = time.monotonic()
            passes.whole(organization=host, now=timezone.now())
            self._say(f"the portfolio counted in {time.monotonic() - began_s:.1f} s", verbosity)

    def _tell(self, counts: Iterator[int], what: str, verbosity: int) -> None:
        began_s, count = time.monotonic(), 0
        for count in counts:
            if verbosity > 1:
                self.stdout.write(f"{count:,} {what}")
        took_s = max(time.monotonic() - began_s, 0.001)
        self._say(f"{count:,} {what} in {took_s:.1f} s, {count / took_s:.0f} a second", verbosity)

    def _say(self, sentence: str, verbosity: int) -> None:
        if verbosity:
            self.stdout.write(sentence)


def _organization(slug: str, kind: str) -> accounts.Organization:
    slug = slug or f"practice-{kind}"
    name = slug.replace("-", " ").capitalize()
    found, _ = accounts.Organization.objects.get_or_create(slug=slug, defaults={"kind": kind, "name": name})
    return found
