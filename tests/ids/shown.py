"""A home as everybody sees it who may, and the answers by which a service may describe it."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.sites import sync
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection
from tests import people
from tests.installer.diagnosis.visiting import visit

FOREVER = (  # what a page may say only where waiting helps
    "in a moment",
    "on their way",
    "as soon as it does",
    "appears with the first readings",
    "appear with the first readings",
    "Fetching the last 48 hours",
    "Nothing is missing",
)
HOME, DEVICES, HISTORY, LIST = "home", "devices", "history", "list"
DIAGNOSIS, TREE, PORTFOLIO, CONNECTION = "diagnosis", "tree", "portfolio", "connection"
OWN = (HOME, DEVICES, HISTORY, LIST)
ALL = (*OWN, DIAGNOSIS, TREE, PORTFOLIO)


def spoiled(replace):
    return ("wrong_types", {"replace": replace})


def status(number):
    return ("server_error", {"status": number})


REFUSED = ("forbidden_without_code", {})
SENSORS = [{"id": f"s{n}", "kind": "sensor", "channels": ["power_W"]} for n in (1, 2)]


def tree_of(*children):
    return {"root": {"id": "root", "kind": "site", "children": list(children)}}


class Shown:
    """A home as everybody sees it who may."""

    def __init__(self, owner):
        self.owner, self.site = owner, owner.site
        self.installer = people.staff("i@sunfix.example", people.organization("installer", "SunFix"), "admin")
        self.retailer = people.staff(
            "r@bright.example", people.organization("retailer", "BrightGrid"), "admin"
        )
        for one in (self.installer, self.retailer):
            people.share(self.site, one.organization, owner.user)
        visit(self.installer, self.site)
        self.began = False

    def text(self, where):
        home = [self.site.synth_id]
        own = {HOME: "site", DEVICES: "devices", HISTORY: "telemetry"}
        staff = {DIAGNOSIS: "home", TREE: "topology"}
        if where in own:
            return self.got(self.owner, reverse(f"homeowner:{own[where]}", args=home))
        if where in staff:
            return self.got(self.installer, reverse(f"installer:{staff[where]}", args=["sunfix", *home]))
        if where == PORTFOLIO:
            passes.whole(organization=self.retailer.organization, now=timezone.now())
            return self.got(self.retailer, reverse("retailer:homes", args=["brightgrid"]))
        return self.got(self.owner, reverse(f"homeowner:{'sites' if where == LIST else 'connection'}"))

    @staticmethod
    def got(visitor, address):
        page = visitor.get(address)
        assert page.status_code == 200, (address, page.status_code)
        return page.text


def again(shown):
    """Read the homes once more, seven hours later."""
    circuit_breaker.forget()
    now = timezone.now() + timedelta(hours=7)
    sync.request(connection=shown.owner.connection, now=now)
    sync.run(connection_pk=shown.owner.connection.pk, now=now, owner="the test")


def collected(shown):
    """Ask for the readings once, as the worker does."""
    collect.begin(site=shown.site, now=timezone.now())
    row = Collection.objects.get(site=shown.site)
    collect.run(collection_pk=row.pk, now=timezone.now(), owner="the test", seconds=1.0)
