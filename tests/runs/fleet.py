"""A small fleet for bulk runs: six homes like each other, shared with a retailer that has two admins."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from gridshare_portal.accounts import models as accounts
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.checks import dry_run
from gridshare_portal.runs.dispatch import worker
from gridshare_portal.runs.targets import enumeration
from gridshare_portal.sites import models as sites
from tests import people

CUSTOMERS = tuple(f"home{number:04d}" for number in range(7, 13))
MODE, PLAN = "setDeviceOperationMode", "setDeviceOverlayPlan"


ADMINS = ("rita@brightgrid.example", "rob@brightgrid.example")


def _gather(sandbox, customers):
    brightgrid = people.organization("retailer", "BrightGrid")
    for email in ADMINS:
        people.staff(email, brightgrid, "admin")
    for name in customers:
        owner = people.with_home(f"{name}@portal.example", name, sandbox=sandbox)
        people.share(owner.site, brightgrid, owner.user)


def drafted(*, sites, now, **terms):
    """Ask for a run of these homes and write them all down at once, in their order."""
    if not isinstance(sites, list):
        sites = list(sites.order_by("pk").values_list("pk", flat=True).distinct())
    with transaction.atomic():
        run = lifecycle.ask(now=now, **terms)
        for first in range(0, len(sites), enumeration.TOGETHER):
            part = [(pk, None) for pk in sites[first : first + enumeration.TOGETHER]]
            enumeration.write(run=run, homes=part)
        runs.Run.objects.filter(pk=run.pk).update(homes=run.homes, state=runs.Run.State.DRAFT)
    run.refresh_from_db()
    return run


class Fleet:
    """The homes of an organization, and what its admin does with them."""

    def __init__(self, sandbox, customers=CUSTOMERS):
        self.sandbox = sandbox
        people.put(("fleet", customers), partial(_gather, sandbox, customers), sandbox=sandbox)
        self.organization = accounts.Organization.objects.get(slug="brightgrid")
        self.admin, self.colleague = (people.known(email).user for email in ADMINS)
        self.owners = [people.known(f"{name}@portal.example") for name in customers]
        self.consents = list(self.organization.consents.order_by("pk"))

    @property
    def homes(self):
        return sites.Site.objects.filter(consents__in=self.consents)

    def draft(self, **other):
        known = {"organization": self.organization, "actor": self.admin, "name": "Evening peak"}
        asked = {"kind": "mode", "asked": {"mode": "Smart"}, "sites": self.homes, "now": timezone.now()}
        return drafted(**(known | asked | other))

    def checked(self, run=None, **other):
        run = run or self.draft(**other)
        if run.state == "reading":
            self.read(run)
        while dry_run.check(run=run, now=timezone.now()):
            pass
        run.refresh_from_db()
        return run

    def read(self, run, owner="a worker", for_s=30):
        """Write down the homes of a run that takes another back, as a worker would."""
        how = {"owner": owner, "clock": timezone.now, "for_s": for_s, "nothing": enumeration.NOTHING_THERE}
        state = enumeration.read(run_pk=run.pk, parts=enumeration.lines_to_undo, **how)
        run.refresh_from_db()
        return state

    def started(self, **other):
        return lifecycle.start(run=self.checked(**other), actor=self.admin, now=timezone.now())

    def carry(self, run, after=None, owner="a worker", for_s=30):
        """Carry a run on as a worker would, with a clock that goes ahead by `after`."""
        ahead = after or timedelta()
        more = worker.carry(run_pk=run.pk, owner=owner, clock=lambda: timezone.now() + ahead, for_s=for_s)
        run.refresh_from_db()
        return more

    def states(self, run):
        return [line.shown_state for line in run.lines.order_by("position")]
