"""Whatever text an id is: from the service over HTTP into rows, and to each page, file and address of it."""

import contextlib
import csv
import io
import uuid
import zipfile

import pytest
from django.db import transaction
from django.urls import resolve, reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from gridshare_portal.access.finding import search, words
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import tasks as case_tasks
from gridshare_portal.control.models import Change
from gridshare_portal.files import cells
from gridshare_portal.gridshare import ids
from gridshare_portal.limits import counting
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.runs.targets import selectors, site_files
from gridshare_portal.sandbox import wsgi
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, sync
from gridshare_portal.sites.models import RawResponse
from tests import people
from tests.environment import rounds
from tests.installer.diagnosis.visiting import visit
from tests.readings import begin

pytestmark = pytest.mark.django_db

# Any text that the contract's "string" may be, of any plane, but what is refused.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
HARD = [
    "a/b",
    "../x"[2:],
    " ",
    "@",
    "+=~",
    "~2F",
    "%2F",
    "%2e.",
    "=1+1",
    "<b>",
    '"',
    "'",
    "\\",
    "?#;&",
    "Küche 部屋",
]
HARD += [
    "{% x %}",
    "🔋" * 60,
    "é" * 255,
    "x/" * 90,
    "\u202eevil",
    "\u2028",
    "mode/",
    "homes/1/now",
    "日" * 250,
]
IDS = st.one_of(st.sampled_from(HARD), TEXTS).filter(ids.allowed)
HOME = (
    "site",
    "now",
    "telemetry",
    "telemetry_json",
    "telemetry_csv",
    "devices",
    "settings",
    "activity",
    "control",
)
HOME += ("access_log", "access_log_csv", "proposals")
DEVICE = ("device", "mode", "plan", "details", "state")
STAFF = ("home", "topology", "calendar", "answer")
MANY = settings(
    max_examples=rounds(quick=6, long=100),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes seconds: none is made smaller
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def world():
    """A pretended Lunar of one customer, whose ids can be spelled otherwise."""
    with wsgi.running(homes=1, faults=True, redirect_uris=["http://testserver/"]) as running:
        yield running


@pytest.fixture
def lunar(world, settings):
    world.reset()
    settings.LUNAR_LOGIN_URL = settings.GRIDSHARE_URL = world.url
    settings.LUNAR_ISSUER = world.issuer
    settings.LUNAR_CLIENT_ID, settings.LUNAR_CLIENT_SECRET = world.client_id, world.client_secret
    return world


@contextlib.contextmanager
def undone():
    """Undo every row of one example, in a transaction that is the test's own and so counts as none."""
    counting.KEY = f"limit-{uuid.uuid4()}"  # nothing was done before; put back after the test
    own = transaction.atomic()
    own._from_testcase = True
    with own:
        yield
        transaction.set_rollback(True)


def spell(lunar, site, device, sensors):
    """Give the customer's home, its device and its three sensors these ids."""
    (home,) = lunar.world.customer("ada").homes
    (there,) = home.devices
    spelled = {home.site_id: site, there.synth_id: device}
    spelled |= {one.synth_id: name for one, name in zip(there.sensors, sensors, strict=True)}
    lunar.world.respell(spelled.__getitem__)
    return {one.meaning: spelled[one.synth_id] for one in there.sensors}


def different(site, device, sensors):
    return len({site, device, *sensors}) == 5


THREE = st.lists(IDS, min_size=3, max_size=3, unique=True)


class TestAnyId:
    @MANY
    @given(IDS, IDS, THREE)
    @example("a/b c", "x@y+z=~", ["k/1", " ", "é" * 255])
    @example("homes/h/devices", "devices/d/mode", ["..a", "%2e%2ea", "~7E~2F"])
    def test_comes_from_the_service_to_every_page_of_its_homeowner(self, lunar, site, device, sensors):
        if not different(site, device, sensors):
            return
        with undone():
            spell(lunar, site, device, sensors)
            owner = people.with_home("ada@portal.example", "ada", sandbox=lunar)
            begin(owner.site, seconds=1)
            found = sites.Device.objects.get()

            assert (owner.site.synth_id, found.synth_id) == (site, device)
            assert {one.synth_id for one in queries.sensors_of(owner.site)} == set(sensors)
            assert found.capacity_wh and hasattr(found.sensors.first(), "latest")
            for name in HOME:
                _opens(owner, reverse(f"homeowner:{name}", args=[site]), site)
            for name in DEVICE:
                _opens(owner, reverse(f"homeowner:{name}", args=[device]), device)
            page = owner.get(reverse("homeowner:devices", args=[site]))
            assert f'href="{_escaped(reverse("homeowner:device", args=[device]))}"' in page.content.decode()
            _changes(owner, found, lunar)

    @MANY
    @given(IDS, IDS, THREE)
    @example("=cmd|' /C calc'!A0", "<script>", ["a,b", "c;d", "e\u3000f"])
    def test_is_found_and_named_by_staff_and_in_their_files(self, lunar, site, device, sensors):
        if not different(site, device, sensors):
            return
        with undone():
            spell(lunar, site, device, sensors)
            owner = people.with_home("ada@portal.example", "ada", sandbox=lunar)
            installer = people.staff("i@sunfix.example", people.organization("installer", "SunFix"), "admin")
            retailer = people.staff(
                "r@bright.example", people.organization("retailer", "BrightGrid"), "admin"
            )
            for one in (installer, retailer):
                people.share(owner.site, one.organization, owner.user)
            sync.signals.synced.send(sites.Site, site=owner.site, connection=owner.connection)

            visit(installer, owner.site)
            for name in STAFF:
                _opens(installer, reverse(f"installer:{name}", args=["sunfix", site]), site)
            _is_searched(installer, site, device)
            _answers(installer, owner.site, device)
            _is_zipped(installer, owner, site, sensors)
            _is_exported_and_read_back(retailer, owner.site)


def _opens(visitor, address, expected):
    """The address is ASCII, leads to the one view with the one id, and is answered."""
    assert address.isascii() and len(address) < 4_000
    page = visitor.get(address)
    assert page.status_code == 200, (address, page.status_code)
    assert page.wsgi_request.resolver_match.kwargs["synth_id"] == expected
    named = page.headers.get("Content-Disposition", "")
    assert named.isascii() and named.isprintable()
    if page.streaming:
        assert b"".join(page.streaming_content)


def _escaped(address):
    return address.replace("&", "&amp;").replace("'", "&#x27;")


def _changes(owner, device, lunar):
    """A mode is set at the one device by its page, and its receipt and a sensor's role lead back there."""
    before = lunar.calls("setDeviceOperationMode")
    page = owner.post(reverse("homeowner:mode", args=[device.synth_id]), {"mode": "Smart"}, follow=True)
    change = Change.objects.get()
    assert (change.device, change.outcome) == (device, "confirmed"), page.text
    assert lunar.calls("setDeviceOperationMode") == before + 1
    assert audit.Event.objects.filter(site_id=device.site.synth_id, device_id=device.synth_id).exists()
    sensor = device.sensors.first()
    page = owner.post(reverse("homeowner:sensor_role", args=[sensor.pk]), {"role": "ev"}, follow=True)
    assert page.wsgi_request.resolver_match.kwargs["synth_id"] == device.synth_id and page.status_code == 200


def _is_searched(installer, *wanted):
    for said in wanted:
        if sum(map(len, words.words_of(said))) < search.SHORTEST_ID:
            continue  # nothing is left of it that a search could be for
        page = installer.get(reverse("installer:search", args=["sunfix"]), {"q": said})
        assert page.status_code == 200 and "data-row" in page.text, said


def _answers(installer, site, device):
    asked = {"operation": "getDevice", "subject": device, "day": ""}
    page = installer.post(reverse("installer:answer", args=["sunfix", site.synth_id]), asked)
    assert page.status_code == 302, page.text
    row = RawResponse.objects.get()
    case_tasks.fetch_answer(row.pk)
    row.refresh_from_db()
    assert (row.subject, row.status) == (device, 200)


def _is_zipped(installer, owner, site, sensors):
    case_file = installer.post(reverse("installer:bundle", args=["sunfix", site]))
    assert _names_in(case_file)
    own = owner.post(reverse("homeowner:take_away"))
    assert len([name for name in _names_in(own) if "/readings/" in name]) == len(sensors)


def _names_in(answer):
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].isascii()
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        names = packed.namelist()
    assert len(set(names)) == len(names) and all(name.isascii() and ".." not in name for name in names)
    return names


def _is_exported_and_read_back(retailer, site):
    """A table of homes names the home by its id, and a run reads it from there, if a cell can hold the id."""
    now = timezone.now()
    passes.whole(organization=retailer.organization, now=now)
    table = b"".join(retailer.get(reverse("retailer:homes_csv", args=["brightgrid"])).streaming_content)
    (line,) = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert line["Home id"] == cells.text(site.synth_id)
    found = selectors.look_up(retailer.user, retailer.organization, now=now)
    (step,) = site_files.steps([table], look_up=found)
    carried = cells.text(site.synth_id).removeprefix("'").strip()
    if carried == site.synth_id:
        assert list(step.homes) == [site.pk], site.synth_id
    else:  # blanks at its ends, or marks that no cell may have: the home is left out and named
        assert not step.homes and len(step.left) == 1


def test_an_address_of_an_id_is_no_other_address():
    for name, taken in (("site", "h"), ("device", "d")):
        for odd in (f"{taken}/mode", f"{taken}/history", f"{taken}/settings/"):
            address = reverse(f"homeowner:{name}", args=[odd])
            assert resolve(address).kwargs == {"synth_id": odd}
