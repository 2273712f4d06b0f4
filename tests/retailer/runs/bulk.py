"""What tests of bulk runs share: addresses, what the form of a new run sends, and the worker's part."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.runs import models as runs
from gridshare_portal.runs.checks import dry_run
from gridshare_portal.runs.targets import selection
from gridshare_portal.sites import models as sites
from tests.runs import fleet

MODE = "setDeviceOperationMode"
R, S = runs.Run.State, runs.Line.State


def at(name, *ids):
    return reverse(f"retailer:{name}", args=["brightgrid", *ids])


def new_run(**other):
    """What the form of a new run sends: the mode Simple for every home, unless something else is said."""
    terms = {"name": "Storm on Friday", "canary": "0", "stop_at_failure_pct": "50", "zone": "UTC"}
    rows = {"rows-TOTAL_FORMS": "0", "rows-INITIAL_FORMS": "0"}
    return terms | rows | {"kind": "mode", "mode": "Simple", "times": "local", "choose": "filter"} | other


def row(number, start, end, **other):
    said = {"action": "charge", "start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}"} | other
    return {f"rows-{number}-{name}": value for name, value in said.items()}


def of_homes(content):
    return SimpleUploadedFile("homes.csv", content if isinstance(content, bytes) else content.encode())


def worker(owner="a worker", for_s=30):
    """Find the homes of every run that waits for it, as a worker would; return the newest run."""
    for pk in selection.due():
        selection.find(run_pk=pk, owner=owner, clock=timezone.now, for_s=for_s)
    return runs.Run.objects.first()


def checked(run):
    while dry_run.check(run=run, now=timezone.now()):
        pass
    run.refresh_from_db()
    return run


def drafted(admin, homes=None, **other):
    terms = {"name": "Storm on Friday", "kind": "mode", "asked": {"mode": "Simple"}} | other
    homes = homes if homes is not None else sites.Site.objects.all()
    whose = {"organization": admin.organization, "actor": admin.user}
    return fleet.drafted(sites=homes, now=timezone.now(), **whose, **terms)
