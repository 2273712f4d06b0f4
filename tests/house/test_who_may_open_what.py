"""Every address of the portal, asked by each of the cast in one walk: it answers as the table says.

What one may not see does not exist: it answers as an id that names nothing does, whichever way it is asked.
"""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from gridshare_portal.access import consents, visits
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.campaigns import models as campaigns
from gridshare_portal.cases import models as cases
from gridshare_portal.control import models as control
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from tests import people
from tests.house import pages
from tests.house.pages import FACTOR, HIDDEN, OPENS, PERSONS, REFUSED, SIGN_IN, WHY

STRANGERS = ("neighbor", "stranger", "outsider", "homeowner")  # each to most of the pages
OPENED = {200, 302, 400, 422}  # found, led on, or told what is wrong with the form
CLOSED = {404, 405}
PARTS = ("accounts:", "homeowner:", "installer:", "retailer:")  # of one list, so that they go side by side


@pytest.fixture
def cast(
    homeowner, co_owner, neighbor, stranger, visitor, installer, installer_admin, viewer, retailer, outsider
):
    now = timezone.now()
    sunfix, gone = installer.organization, people.organization("installer", "Gone Solar")
    unproven = people.signed_in("ursula@sunfix.example")
    accounts.Membership.objects.create(user=unproven.user, organization=sunfix, role="operator")
    former = people.staff("fritz@sunfix.example", sunfix, "operator")
    late = people.staff("lea@gonesolar.example", gone, "operator")
    consent = people.share(homeowner.site, gone, homeowner.user)
    earlier = now - timedelta(minutes=1)
    for one in (installer, viewer, retailer, former, late):
        whom = {"user": one.user, "organization": one.organization}
        visits.open(site=homeowner.site, reason="asked", now=earlier, **whom)
    accounts.Membership.objects.filter(user=former.user).delete()
    consents.end(consent=consent, by=homeowner.user, how="by hand", now=now - timedelta(seconds=1))
    known = dict(locals())
    return {name: known[name] for name in PERSONS}


@pytest.fixture
def ids(cast, battery, now):
    """One of everything that is the homeowner's, or the installer's for this home."""
    homeowner, sunfix = cast["homeowner"], cast["installer"].organization
    home, later = homeowner.site, now + timedelta(days=1)
    consent = access.Consent.objects.get(site=home, organization=sunfix)
    wish = {"device": battery, "site": home, "kind": "mode", "asked": {"mode": "Smart"}, "made_at": now}
    asked = {"organization": sunfix, "right": "view", "lasts": "day", "made_at": now, "expires_at": later}
    found = {"since_at": now, "opened_at": now, "seen_at": now, "severity": 2, "cause": "site_silent"}
    invited = {"email": "ned@new.example", "role": "viewer", "digest": "0" * 64, "made_at": now}
    member = accounts.Membership.objects.get(user=cast["viewer"].user)
    brightgrid = {"organization": cast["retailer"].organization, "name": "Kept"}
    return {
        "slug": sunfix.slug,
        "retailer": brightgrid["organization"].slug,
        "campaign": campaigns.Campaign.objects.create(
            slug="kept", right="view", lasts="year", color="#0b6370", made_at=now, **brightgrid
        ).slug,
        "home": home.pk,
        "group": portfolio.Group.objects.create(**brightgrid).pk,
        "view": portfolio.SavedView.objects.create(**brightgrid).pk,
        "run": runs.TargetSelection.objects.create(
            way="file",
            run=runs.Run.objects.create(kind="mode", asked={"mode": "Smart"}, made_at=now, **brightgrid),
        ).run_id,
        "site": home.synth_id,
        "device": battery.synth_id,
        "sensor": sites.Sensor.objects.filter(site=home).first().pk,
        "connection": homeowner.connection.pk,
        "change": control.Change.objects.create(actor=homeowner.user, outcome="confirmed", **wish).pk,
        "proposal": control.Proposal.objects.create(
            consent=consent, proposed_by=cast["installer"].user, expires_at=later, **wish
        ).pk,
        "request": access.Request.objects.create(email=homeowner.user.email, **asked).pk,
        "consent": consent.pk,
        "case": cases.Case.objects.create(organization=sunfix, site=home, **found).pk,
        "answer": sites.RawResponse.objects.create(
            site=home,
            operation="listDevices",
            asked_by=cast["installer"].user,
            asked_for=sunfix.pk,
            asked_at=now,
        ).pk,
        "invitation": accounts.Invitation.objects.create(organization=sunfix, expires_at=later, **invited).pk,
        "member": member.pk,
        "token": "a-secret-that-nobody-knows",
    }


def came_of(page):
    """Return the letter for what a page answered."""
    where = page.headers.get("Location", "") or page.headers.get("HX-Redirect", "")
    if where.startswith("/accounts/login/") or page.status_code == 401:
        return SIGN_IN
    if where.startswith("/accounts/2fa/"):
        return FACTOR
    if "/visit/" in where or (page.status_code == 403 and "/visit/" in page.text):
        return WHY
    return {403: REFUSED, 404: HIDDEN}.get(page.status_code, OPENS if page.status_code in OPENED else "!")


def ask(person, method, address, **headers):
    """Ask one address, and undo what that did."""
    with transaction.atomic():
        page = getattr(person, method)(address, headers=headers)
        transaction.set_rollback(True)
    return page


def asked(entry, cast, ids, **headers):
    """Ask one address as everybody; return a letter for each, and what it says of keeping it."""
    method, name = entry.split()
    where = pages.address(name, ids)
    found = [ask(person, method, where, **headers) for person in cast.values()]
    return "".join(map(came_of, found)), {kept(page) for page in found if page.status_code == 200}


def letters(entry, cast, ids, **headers):
    return asked(entry, cast, ids, **headers)[0]


def kept(page):
    """Return what an answer says of keeping it: no-store rules out the rest."""
    said = page.headers["Cache-Control"]
    return pages.NOT_KEPT if pages.NOT_KEPT in said else said


def part_of(names, part):
    """Return those of the names that belong to a part of the portal; what belongs to none goes with the first."""
    return [one for one in names if one.startswith(part) or (part == PARTS[0] and not one.startswith(PARTS))]


class TestTheTable:
    def test_has_every_address_of_the_portal(self):
        ours = {name for name, route in pages.ROUTES.items() if not route.startswith(pages.STAFF)}

        assert set(pages.NAMES) == ours - pages.ALLAUTH_ANYBODY - pages.ALLAUTH_SIGNED_IN
        assert not pages.ALLAUTH_ANYBODY & pages.ALLAUTH_SIGNED_IN

    def test_has_each_question_once_and_a_letter_for_each_person(self):
        assert len(pages.ASKED) == sum(map(len, pages.TABLE.values()))
        assert {len(letters) for letters in pages.TABLE} == {len(PERSONS)}

    def test_says_of_every_address_with_an_id_who_may_open_it(self):
        with_id = {name for name in pages.NAMES if "<" in pages.ROUTES[name]}
        open_to_all = {name for name in with_id if pages.letter(name, "get", "visitor") == OPENS}

        assert open_to_all == {"homeowner:share_link", "retailer:brand", "retailer:join"}


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
class TestEverybody:
    def test_gets_from_every_address_what_the_table_says_to_be_kept_by_nobody(self, part, cast, ids):
        entries = [one for one in pages.ASKED if one.split()[1] in part_of(pages.NAMES, part)]
        found = {entry: asked(entry, cast, ids) for entry in entries}

        assert {entry: said for entry, (said, _) in found.items()} == {
            entry: pages.ASKED[entry] for entry in entries
        }
        may = {entry: {pages.MAY_BE_KEPT.get(entry[4:], pages.NOT_KEPT)} for entry in entries}
        assert {entry: said for entry, (_, said) in found.items() if not said <= may[entry]} == {}

    def test_gets_no_more_as_a_part_of_a_page(self, part, cast, ids):
        entries = [
            one for one in pages.ASKED if one.startswith("get") and one[4:] in part_of(pages.NAMES, part)
        ]
        found = {entry: letters(entry, cast, ids, hx_request="true") for entry in entries}

        # without a second factor the whole page comes again, and that one leads to where to set it up
        assert found == {entry: pages.ASKED[entry].replace(FACTOR, SIGN_IN) for entry in entries}

    def test_is_told_the_same_of_what_is_hidden_and_of_what_is_not_there(self, part, cast, ids):
        """Whichever way it is asked: so nobody learns whether an id exists."""
        nothing, wrong = pages.nobody_s(ids), []
        for name in part_of(pages.NAMES, part):
            for person in [one for one in STRANGERS if pages.is_closed_to(name, one)]:
                there, not_there = (
                    [
                        ask(cast[person], method, pages.address(name, some)).status_code
                        for method in pages.METHODS
                    ]
                    for some in (ids, nothing)
                )
                if there != not_there or not set(there) <= CLOSED or 404 not in there:
                    wrong.append((name, person, there, not_there))

        assert wrong == []

    def test_who_is_not_signed_in_is_led_there_whichever_way_it_is_asked(self, part, cast, ids):
        names = part_of(pages.NAMES, part)
        for_members = [one for one in names if pages.letter(one, "get", "visitor") in (SIGN_IN, None)]
        closed = [one for one in for_members if pages.letter(one, "post", "visitor") in (SIGN_IN, None)]
        found = {
            name: {ask(cast["visitor"], way, pages.address(name, ids)).status_code for way in pages.METHODS}
            for name in closed
        }

        assert found and {name: codes for name, codes in found.items() if not codes <= {302, 405}} == {}


CHANGED_BY_LOOKING = {  # who looked and how many, and what was read of Lunar because somebody looks
    "access.Visit",
    "accounts.CacheEntry",
    "audit.Event",
    "campaigns.CampaignWeek",
    "control.State",
    "sessions.Session",
    "sites.Call",
    "telemetry.Collection",
    "usersessions.UserSession",
}


def rows():
    """All rows of all tables, but for those that looking may change."""
    tables = {one._meta.label: one for one in apps.get_models(include_auto_created=True)}
    assert tables.keys() > CHANGED_BY_LOOKING
    return {
        name: sorted(map(repr, tables[name]._default_manager.values_list()))
        for name in tables.keys() - CHANGED_BY_LOOKING
    }


def keys():
    """All keys to Lunar, sealed and not."""
    for one in lunar.Connection.objects.all():
        yield from (one.access_token(), one.refresh_token(), one.access_sealed, one.refresh_sealed)


@pytest.mark.django_db
class TestLooking:
    @pytest.mark.parametrize("person", ["homeowner", "installer_admin", "retailer"])  # who may do the most
    def test_changes_nothing_of_anybody_s_and_shows_nobody_s_key(self, cast, ids, person):
        """Whatever is asked by GET, also where a form is expected: a link or a picture does nothing."""
        cast[person].get("/sharing/")
        before, secrets, said = rows(), list(keys()), []
        for name in pages.NAMES:
            answer = cast[person].get(pages.address(name, ids))
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            said.append(f"{content!r} {answer.headers} {answer.cookies}")
        after = rows()

        assert {table for table in after if after[table] != before[table]} == set()
        assert len(secrets) >= 8 and all(secrets)
        assert [secret for secret in secrets if secret in "".join(said)] == []


@pytest.mark.django_db
class TestAnotherOrganization:
    """Of the same kind, whose admin may do everything there, and whose rows have the same names."""

    @pytest.mark.parametrize(("kind", "word"), [("retailer", "retailer"), ("installer", "slug")])
    def test_gets_nothing_under_its_own_address_by_the_ids_of_the_first(self, cast, ids, kind, word):
        theirs = people.organization(kind, "The other")
        admin = people.staff("alma@other.example", theirs, "admin")
        portfolio.Group.objects.create(organization=theirs, name="Kept")
        portfolio.SavedView.objects.create(organization=theirs, name="Kept")
        prefix = (
            "portfolio/<slug:slug>/"
            if kind == "retailer"
            else ("support/<slug:slug>/", "organizations/<slug:slug>/")
        )
        asked = [
            entry
            for entry in pages.ASKED
            if (route := pages.ROUTES[entry.split()[1]]).startswith(prefix) and route.count("<") > 1
        ]
        found = {
            entry: ask(
                admin, entry.split()[0], pages.address(entry.split()[1], {**ids, word: theirs.slug})
            ).status_code
            for entry in asked
        }

        assert len(found) > 10 and {entry: code for entry, code in found.items() if code != 404} == {}


@pytest.mark.django_db
class TestOnesOwnPages:
    def test_shows_nothing_of_a_neighbor_s(self, homeowner, battery, neighbor):
        secrets = (homeowner.site.synth_id, battery.synth_id, battery.serial_number, homeowner.user.email)
        own = [entry[4:] for entry in pages.TABLE["sYYYYYYYYYYYY"] if entry.startswith("get")]
        shown = "".join(neighbor.get(pages.address(name, {})).text for name in own)

        assert len(own) == 6 and all(secrets)
        assert [secret for secret in secrets if secret in shown] == []

    def test_of_one_s_account_asks_to_sign_in(self, visitor):
        addresses = {
            name: "/" + pages.ROUTES[name].replace("<int:pk>", "1") for name in pages.ALLAUTH_SIGNED_IN
        }
        found = {name: visitor.get(where).status_code for name, where in addresses.items()}

        assert {name: code for name, code in found.items() if code not in {302, 405}} == {}

    def test_of_the_operator_asks_for_staff(self, homeowner, visitor):
        assert visitor.get("/admin/").status_code == 302
        assert homeowner.get("/admin/").status_code in {302, 403, 404}
        assert homeowner.get("/admin/sites/site/").status_code in {302, 403, 404}
