"""A retailer's days: a campaign, homeowners who come by it, their homes as one portfolio, and a bulk run.

The portal has a Redis of its own and walks the demonstration's first days while the homeowners come. Synthetic
homes stand beside the sandbox's, the smallest group is three, and runs go slowly, so that one is really
under way while somebody looks.
"""

import csv
import re
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import environment
from tests import portal as portals
from tests.journeys.codes import assert_a_camera_reads
from tests.journeys.keyboard import tabs_to, types
from tests.journeys.looking import PHONE, look_around, look_at
from tests.journeys.somebody import Somebody

pytestmark = pytest.mark.browser

AT = "/portfolio/brightgrid/"
SYNTHETIC, CUSTOMERS, SMALLEST, PER_MINUTE = 60, 3, 3, 20  # the third customer wants to be asked first
OWNERS = ("Ada", "Ben", "Cleo", "Finn")
COLOR, WHY = "#7a1f5c", "Even out the evening peak"
COUNT = """
from django.utils import timezone
from gridshare_portal.accounts.models import Organization
from gridshare_portal.portfolio.projection import passes
passes.whole(organization=Organization.objects.get(slug="brightgrid"), now=timezone.now())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The running portal of a retailer with synthetic homes, whose first customers are on their way."""
    own = ("DATA_DIR", "REDIS_URL")
    given = {name: value for name, value in environment.GIVEN.items() if name not in own}
    given |= {"RUNS_PER_MINUTE": str(PER_MINUTE), "SMALLEST_GROUP": str(SMALLEST)}
    with portals.own_database(given) as settled:
        company = portals.Company(tmp_path_factory.mktemp("shop"), settled, "--customers", str(CUSTOMERS))
        try:
            company.gather()
            company.manage("make_portfolio", str(SYNTHETIC), "--organization", "brightgrid")
            company.opening = company.send("the first days", company.stage.opening())
            yield company
        finally:
            company.dismiss()
            company.stage.clear()


@pytest.fixture(scope="module")
def rita(shop, browser, browser_context_args):
    somebody = Somebody(browser, browser_context_args, shop, "Rita")
    yield somebody
    somebody.leaves()


@pytest.fixture(scope="module")
def joined(shop, rita, browser, browser_context_args):
    """A campaign's address, after homeowners came by it and all homes were counted."""
    address = make_a_campaign(rita)
    assert_a_camera_reads(rita, address)
    for number, name in enumerate(OWNERS, start=1):
        owner = Somebody(browser, browser_context_args, shop, name, size=PHONE)
        come_by(owner, address, name)
        owner.leaves()
        if number == SMALLEST - 1:
            assert_funnel(rita, str(number), "too few to say", "too few to say")
    assert_funnel(rita, *[str(len(OWNERS))] * 3)
    assert shop.opening.wait(600) == 0, "the first days were not walked to their end"
    shop.manage("shell", "-v0", "-c", COUNT)
    assert count(rita, "?q=house") >= CUSTOMERS and count(rita, "?right=control") > 20
    return address


def count(rita, filters):
    rita.goes_to(f"{AT}homes/{filters}")
    return int(re.search(r"\d+", rita.page.locator("h1 small").text_content())[0])


def make_a_campaign(rita):
    rita.goes_to(f"{AT}campaigns/new/")
    rita.page.get_by_label("Name, for you").fill("Open day")
    rita.page.get_by_label("Why homeowners").fill("We even out the evening peak, and you read every change.")
    rita.page.get_by_label("Ask to").select_option("control")
    rita.page.get_by_label("Your color").fill(COLOR)
    rita.presses("Make the campaign")
    rita.reads("The campaign has its link now")
    return rita.page.locator(".poster .link a").get_attribute("href")


def come_by(owner, address, name):
    """Open the link, connect the Lunar account, and share the first home for a day with see and change."""
    owner.page.goto(address)
    owner.reads("BrightGrid asks to see and change your home’s energy")
    owner.presses("Continue with Lunar")
    for box in owner.page.get_by_role("main").get_by_role("checkbox").all():
        box.check()
    owner.presses("Continue to Lunar")
    owner.page.locator(f"button[value={name.lower()}]").click()
    home = owner.page.locator("#share-homes a.to").first
    home.click()
    owner.reads("BrightGrid asks to see and change")
    expect(owner.page.locator("input[name=right][value=control]")).to_be_checked()
    owner.page.locator("input[name=lasts][value=day]").check()
    owner.sends("Share this home")
    expect(owner.page).to_have_url(re.compile(r"/sharing/$"))


def assert_funnel(rita, opened, connected, shared):
    rita.goes_to(f"{AT}campaigns/")
    rita.follows("Open day")
    expect(rita.page.locator(".funnel strong")).to_have_text([opened, connected, shared])


def peak():
    """Return from when until when a plan lies ahead within a day, by the clocks of all the sandbox's homes."""
    start = datetime.now(UTC).replace(minute=0) + timedelta(hours=2)
    return [f"{start + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (0, 2)]


def ask_for_a_plan(rita, *, canary):
    """Ask the homes that a filter finds for a plan by each home's clock, and have them checked."""
    rita.goes_to(f"{AT}homes/?right=control")
    rita.follows("Run on these homes")
    rita.page.get_by_label("A plan of some hours").check()
    rita.page.get_by_label("By each home's clock").check()
    for label, shown in zip(("From", "Until"), peak(), strict=True):
        rita.page.get_by_label(label, exact=True).fill(shown)
    rita.page.get_by_label("At most (W)").fill("1500")
    rita.page.get_by_label("Why? Homeowners read this").fill(WHY)
    rita.page.get_by_label("First only this many homes").fill(str(canary))
    rita.page.get_by_label("Stop when this share").fill("100")
    look_around(rita, "asked")
    rita.presses("Check the homes")
    comes_to(rita, "Checked, not started")


def comes_to(rita, state, within_s=90):
    """Wait on the run's page, which renews itself, until it says so."""
    expect(rita.page.locator(".run-state")).to_have_text(state, timeout=within_s * 1000)


def ready(rita):
    return re.search(r"\d+", rita.page.locator("#run-live .figure").text_content())[0]


def start(rita):
    rita.page.get_by_label("Number of homes").first.fill(ready(rita))
    rita.presses("Start now")


def downloaded(rita, name):
    with rita.page.expect_download() as coming:
        rita.follows(name)
    return Path(coming.value.path())


def test_a_portfolio_is_seen_filtered_kept_and_taken_along(shop, rita, joined):
    houses = count(rita, "?q=house")
    rita.page.get_by_text("Save this view").click()
    rita.page.get_by_label("Name of the view").fill("Houses")
    rita.presses("Save", exact=True)
    rita.goes_to(f"{AT}homes/")
    rita.follows("Houses")
    expect(rita.page.get_by_label("Name contains")).to_have_value("house")
    rows = rita.page.locator("[data-row]")
    expect(rows).to_have_count(houses)

    for row in rows.all()[: SMALLEST - 1]:
        row.get_by_role("checkbox").check()
    rita.page.get_by_text("Groups", exact=True).click()
    rita.page.get_by_role("combobox", name="Group", exact=True).last.fill("Pilot")
    rita.presses("Do it")
    rita.reads("now in “Pilot”")

    lines = downloaded(rita, "Download as CSV").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == houses + 1 and "Gus’s house" in "".join(lines)
    with zipfile.ZipFile(downloaded(rita, "as spreadsheet")) as sheet:
        assert "Gus’s house" in "".join(
            sheet.read(name).decode() for name in sheet.namelist() if name.endswith(".xml")
        )

    everybody = count(rita, "")
    shop.manage("shell", "-v0", "-c", COUNT)
    rita.goes_to(AT)
    expect(rita.page.locator("#portfolio .figure").first).to_have_text(str(everybody))
    expect(rita.page.get_by_role("heading", name="Power now")).to_be_visible()
    rita.follows("Pilot")
    rita.reads("Too few homes")
    rita.reads("Power now")
    rita.reads("too few homes")


@pytest.fixture(scope="module")
def carried(shop, rita, joined):
    """The address of a run that was planned, paused, resumed and carried to its end, each step asserted."""
    ask_for_a_plan(rita, canary=3)
    address = rita.page.url.removeprefix(shop.url)
    rita.reads("Wants to be asked first")
    rita.reads("Not read within a day")
    assert int(ready(rita)) >= len(OWNERS)
    look_around(rita, "dry-run")
    starts_later_or_not(rita)
    start(rita)
    comes_to(rita, "Running")
    rita.reads("The first 3 homes go alone.")
    rita.presses("Pause")
    comes_to(rita, "Paused")
    expect(rita.page.get_by_text("On its way")).to_have_count(0, timeout=90_000)
    had_their_turn, until_s = rita.page.locator("#run-live .figure").text_content(), in_two_turns()
    look_around(rita, "paused")
    shop.until(lambda: time.monotonic() > until_s)
    rita.goes_to(address)
    assert rita.page.locator("#run-live .figure").text_content() == had_their_turn
    rita.presses("Go on")
    comes_to(rita, "Running")
    look_around(rita, "running")
    comes_to(rita, "Done")
    return address


def starts_later_or_not(rita):
    """Have the run start by itself tomorrow, and then no longer."""
    rita.page.get_by_text("Start later").click()
    rita.page.get_by_label("Start at").fill(f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}")
    rita.page.get_by_label("Number of homes").last.fill(ready(rita))
    rita.presses("Schedule", exact=True)
    comes_to(rita, "Scheduled")
    rita.presses("Do not start by itself")
    comes_to(rita, "Checked, not started")


def in_two_turns():
    return time.monotonic() + 2 * 60 / PER_MINUTE


def outcomes(rita):
    """Return how many homes came to which outcome, as the run's page says now."""
    rita.page.reload()
    lines = rita.page.locator("#run-live .run-counts").first.get_by_role("listitem")
    found = (line.get_by_role("link").inner_text().split("\n") for line in lines.all())
    return {title.strip(): int(number) for title, number in found}


@pytest.fixture(scope="module")
def told(rita, carried):
    """How many homes of the carried run came to which outcome, as its page says and its receipts do."""
    rita.goes_to(carried)
    counted = outcomes(rita)
    receipts = list(csv.DictReader(downloaded(rita, "Download the receipts").open(encoding="utf-8-sig")))
    of_receipts = [receipt["Outcome"] for receipt in receipts]
    assert {title: of_receipts.count(title) for title in set(of_receipts)} == counted
    assert all(receipt["Sent at (UTC)"] for receipt in receipts if receipt["Outcome"] == "Confirmed")
    return counted


@pytest.fixture(scope="module")
def ada(shop, told, browser, browser_context_args):
    """Ada at her home's activity, where she reads of the run; what is done after that, she reads later."""
    somebody = Somebody(browser, browser_context_args, shop, "Ada", size=PHONE)
    somebody.page.wait_for_url(re.compile("/homes/[^/]+/"))
    somebody.page.goto(somebody.page.url + "activity/")
    somebody.reads(WHY)
    yield somebody
    somebody.leaves()


@pytest.fixture(scope="module")
def taken_back(rita, carried, told, ada):
    """The address of the run that takes the carried one back, on its way while others look elsewhere."""
    rita.goes_to(carried)
    rita.presses("Take back")
    comes_to(rita, "Checked, not started")
    assert int(ready(rita)) == told["Confirmed"]
    start(rita)
    comes_to(rita, "Running")
    return rita.page.url.removeprefix(rita.portal.url)


def test_a_run_ends_with_a_receipt_for_every_home_and_its_homeowners_read_of_it(told, ada):
    assert told["Confirmed"] >= len(OWNERS) and set(told) == {"Confirmed", "Skipped"}


def test_the_record_the_report_and_the_letters_tell_of_it(shop, rita, carried):
    rita.goes_to("/organizations/brightgrid/record/?kind=run_changed")
    rita.reads(WHY)
    lines = downloaded(rita, "Download as CSV").read_text(encoding="utf-8-sig").splitlines()
    assert all("bulk run" in line for line in lines[1:]) and any(WHY in line for line in lines)

    rita.goes_to(f"{AT}report/?every=month")
    rita.page.get_by_label("Send it to me").select_option("month")
    rita.presses("Save")
    rita.reads("On.")
    assert zipfile.is_zipfile(downloaded(rita, "Download as XLSX"))

    rita.goes_to(f"{AT}reconnect/")
    rita.presses("Send a letter")
    rita.reads("asked this week")


PAGES = [
    "",
    "homes/",
    "homes/?right=control&has=battery",
    "campaigns/",
    "campaigns/new/",
    "runs/",
    "runs/new/",
]
PAGES += ["runs/new/?right=control", "reconnect/", "report/", "report/?every=month"]


def test_every_page_of_a_retailer(rita, joined, carried, taken_back):
    campaign = f"{AT}campaigns/{joined.rstrip('/').rpartition('/')[2]}/"
    look_at(rita, [AT + path for path in PAGES], "retailer")
    look_at(rita, [joined.removeprefix(rita.portal.url), campaign], "retailer")
    look_at(rita, [carried, f"{carried}homes/", "/organizations/brightgrid/record/"], "retailer")
    assert rita.complaints == []


def test_a_run_is_taken_back_and_its_homeowners_read_of_that_too(rita, told, taken_back, ada):
    rita.goes_to(taken_back)
    comes_to(rita, "Done")
    assert outcomes(rita)["Confirmed"] == told["Confirmed"]
    ada.page.reload()
    ada.reads("Take back: " + WHY)


def test_a_run_is_made_started_paused_and_stopped_without_a_mouse(rita, joined):
    press = rita.page.keyboard.press
    rita.goes_to(f"{AT}homes/?right=control")
    tabs_to(rita, "Run on these homes")
    with rita.page.expect_navigation():
        press("Enter")
    tabs_to(rita, "Another mode")
    tabs_to(rita, "Simple")
    press("ArrowDown")
    types(rita, "Why? Homeowners read this", "By keyboard")
    types(rita, "First only this many homes", "0")
    tabs_to(rita, "Check the homes")
    press("Enter")
    comes_to(rita, "Checked, not started")
    types(rita, "Number of homes", ready(rita))
    press("Enter")
    comes_to(rita, "Running")
    tabs_to(rita, "Pause")
    press("Enter")
    comes_to(rita, "Paused")
    tabs_to(rita, "Stop for good")
    press("Enter")
    comes_to(rita, "Stopped")
    rita.reads("left alone when the run stopped")
