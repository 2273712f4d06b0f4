"""Every address of the portal, asked by each of the cast: what comes of it stands in one table.

A letter per person and address. A new address fails here until somebody has thought of all of them.
"""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from gridshare_portal.access import consents, visits
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.control import models as control
from gridshare_portal.control import run_models
from gridshare_portal.installer import models as installer_models
from gridshare_portal.retailer import choice_models, enrolment_models
from gridshare_portal.retailer import models as retailer_models
from gridshare_portal.sites import models as sites
from tests import people
from tests.house.test_every_page_asks import ALLAUTH_ANYBODY, ALLAUTH_SIGNED_IN, ROUTES, STAFF

OPENS, WHY, REFUSED, HIDDEN, SIGN_IN, FACTOR = "Y", "w", "r", "-", "s", "f"

PERSONS = (
    "visitor",  # not signed in
    "stranger",  # signed in, without a home
    "neighbor",  # has homes of his own
    "homeowner",  # whose home it is
    "co_owner",  # lives there too, with a login of her own
    "installer",  # operator, may see and change, has said why
    "installer_admin",  # admin of the same, has not said why
    "viewer",  # viewer of the same, has said why
    "retailer",  # admin of another organization, may see, has said why
    "outsider",  # works where nobody shares the home
    "former",  # worked for the installer until a second ago, and had said why
    "unproven",  # operator of the installer without a second factor
    "late",  # operator where the home was shared until a second ago, and had said why
)
TABLE = {  # one letter for each of PERSONS, in their order
    "s--YYYwYY----": (  # a home, as its homeowner sees it
        "get homeowner:activity",
        "get homeowner:change",
        "get homeowner:control",
        "get homeowner:details",
        "post homeowner:details",
        "get homeowner:device",
        "get homeowner:devices",
        "get homeowner:looking",
        "get homeowner:mode",
        "post homeowner:mode",
        "get homeowner:now",
        "get homeowner:plan",
        "post homeowner:plan",
        "get homeowner:progress",
        "get homeowner:proposals",
        "get homeowner:site",
        "get homeowner:state",
        "get homeowner:telemetry",
        "get homeowner:telemetry_csv",
        "get homeowner:telemetry_json",
    ),
    "s--YYrrrr----": (  # what is the homeowner's alone
        "get homeowner:access_log",
        "get homeowner:access_log_csv",
        "post homeowner:sensor_role",
        "get homeowner:settings",
        "post homeowner:settings",
        "get homeowner:share",
    ),
    "s--Y-rrrr----": (  # one's own Lunar account
        "get homeowner:disconnect",
        "post homeowner:disconnect",
        "get homeowner:loading",
    ),
    "s--YYYYYY----": (  # to say why one looks, and to leave
        "post homeowner:leave",
        "get homeowner:visit",
        "post homeowner:visit",
    ),
    "s--YYYwY-----": (  # a proposal, by one organization
        "get homeowner:proposal",
        "post homeowner:proposal",
    ),
    "s--YY--------": (  # to end what was shared
        "post homeowner:consent_end",
    ),
    "s--Y---------": (  # what somebody asked of this address
        "get homeowner:request",
        "post homeowner:request",
    ),
    "s----YwY---f-": (  # a home, as support sees it
        "get installer:answer",
        "post installer:answer",
        "post installer:bundle",
        "get installer:calendar",
        "get installer:home",
        "get installer:topology",
    ),
    "s----Yw----f-": (  # what one asked Lunar oneself
        "get installer:answer_shown",
    ),
    "s----YYY---f-": (  # an organization's own, for all who work there
        "get accounts:leave",
        "post accounts:leave",
        "get accounts:organization",
        "get installer:all_homes",
        "get installer:case",
        "get installer:digest",
        "post installer:digest",
        "get installer:homes",
        "get installer:homes_csv",
        "get installer:open_cases",
        "get installer:search",
    ),
    "s----YYr---f-": (  # … for those who do the work
        "post installer:case_assign",
        "post installer:case_note",
        "post installer:case_resolve",
        "post installer:case_snooze",
        "post installer:case_wake",
        "get installer:requests",
        "post installer:requests",
    ),
    "s----rYr---f-": (  # … for its admins
        "post accounts:details",
        "post accounts:invite",
        "get accounts:record",
        "get accounts:record_csv",
        "get accounts:remove",
        "post accounts:remove",
        "post accounts:role",
        "post accounts:withdraw_invitation",
    ),
    "s-------Y----": (  # a retailer's own
        "get retailer:campaign",
        "post retailer:campaign_end",
        "get retailer:campaign_new",
        "post retailer:campaign_new",
        "get retailer:campaign_qr",
        "get retailer:campaigns",
        "get retailer:reconnect",
        "post retailer:reconnect_ask",
        "get retailer:report",
        "post retailer:report",
        "get retailer:report_xlsx",
        "post retailer:delete_group",
        "post retailer:delete_view",
        "post retailer:group",
        "get retailer:homes",
        "get retailer:homes_csv",
        "get retailer:homes_xlsx",
        "post retailer:keep_view",
        "get retailer:now",
        "get retailer:portfolio",
        "get retailer:view",
        "get retailer:run",
        "post retailer:run_cancel",
        "post retailer:run_check",
        "get retailer:run_homes",
        "get retailer:run_homes_csv",
        "get retailer:run_left_csv",
        "get retailer:run_new",
        "post retailer:run_new",
        "post retailer:run_pause",
        "post retailer:run_resume",
        "post retailer:run_retry",
        "post retailer:run_schedule",
        "post retailer:run_start",
        "post retailer:run_stop",
        "get retailer:runs",
    ),
    "sYYYYYYYYYYYY": (  # one's own, whoever one is
        "get homeowner:connection",
        "get homeowner:delete_account",
        "post homeowner:delete_account",
        "get homeowner:share_search",
        "get homeowner:sharing",
        "get homeowner:sites",
    ),
    "YYYYYYYYYYYYY": (  # for everybody
        "get accounts:rights",
        "get healthz",
        "get homeowner:share_link",
        "post homeowner:theme",
        "get homeowner:welcome",
        "get lunar_connect",
        "get readyz",
        "get retailer:brand",
        "get retailer:join",
    ),
    "-------------": (  # a secret that nobody was given
        "get accounts:invitation",
        "post accounts:invitation",
    ),
    "sssssssssssss": (  # the way to sign in
        "post homeowner:share_link",
        "post retailer:join",
    ),
}
OF_PK = {  # what a number in an address names
    "homeowner:sensor_role": "sensor",
    "homeowner:change": "change",
    "homeowner:proposal": "proposal",
    "homeowner:request": "request",
    "homeowner:consent_end": "consent",
    "homeowner:loading": "connection",
    "homeowner:disconnect": "connection",
    "installer:answer_shown": "answer",
    "accounts:withdraw_invitation": "invitation",
    "accounts:role": "member",
    "accounts:remove": "member",
    "retailer:delete_group": "group",
    "retailer:delete_view": "view",
    "retailer:view": "view",
    "retailer:reconnect_ask": "home",
    **dict.fromkeys([name for name in ROUTES if name.startswith("retailer:run")], "run"),
    **dict.fromkeys(
        [f"installer:case{deed}" for deed in ("", "_note", "_snooze", "_wake", "_assign", "_resolve")], "case"
    ),
}


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
        "campaign": enrolment_models.Campaign.objects.create(
            slug="kept", right="view", lasts="year", color="#0b6370", made_at=now, **brightgrid
        ).slug,
        "home": home.pk,
        "group": retailer_models.Group.objects.create(**brightgrid).pk,
        "view": retailer_models.SavedView.objects.create(**brightgrid).pk,
        "run": choice_models.Choice.objects.create(
            way="file",
            run=run_models.Run.objects.create(
                kind="mode", asked={"mode": "Smart"}, made_at=now, **brightgrid
            ),
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
        "case": installer_models.Case.objects.create(organization=sunfix, site=home, **found).pk,
        "answer": sites.Answer.objects.create(
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
    return {403: REFUSED, 404: HIDDEN}.get(page.status_code, OPENS if page.status_code < 430 else "!")


def address(name, ids):
    """Return where the name leads, with the ids of the homeowner or the installer in it."""

    def fill(match):
        kind, word = match.groups()
        if kind in ("synth", "home"):
            return str(ids["device" if "devices/<" in ROUTES[name] else "site"])
        if word == "slug" and name.startswith("retailer:"):
            return ids["retailer"]
        return str(ids[word] if word != "pk" else ids[OF_PK[name]])

    return "/" + re.sub(r"<(\w+):(\w+)>", fill, ROUTES[name])


def answers(method, name, cast, ids, **headers):
    """Ask one address as everybody, and undo what that did."""
    letters = ""
    for person in cast.values():
        with transaction.atomic():
            letters += came_of(getattr(person, method)(address(name, ids), headers=headers))
            transaction.set_rollback(True)
    return letters


ASKED = {entry: letters for letters, entries in TABLE.items() for entry in entries}


class TestTheTable:
    def test_has_every_address_of_the_portal(self):
        ours = {name for name, route in ROUTES.items() if not route.startswith(STAFF)}

        assert {entry.partition(" ")[2] for entry in ASKED} == ours - ALLAUTH_ANYBODY - ALLAUTH_SIGNED_IN

    def test_has_each_question_once_and_a_letter_for_each_person(self):
        assert len(ASKED) == sum(map(len, TABLE.values()))
        assert {len(letters) for letters in TABLE} == {len(PERSONS)}


@pytest.mark.django_db
class TestEverybody:
    def test_gets_from_every_address_what_the_table_says(self, cast, ids):
        found = {entry: answers(*entry.split(), cast, ids) for entry in ASKED}
        print(f"{len(ASKED)} questions x {len(PERSONS)} persons = {len(ASKED) * len(PERSONS)} answers")

        assert found == ASKED

    def test_gets_no_more_as_a_part_of_a_page(self, cast, ids):
        parts = [entry for entry in ASKED if entry.startswith("get")]
        found = {entry: answers(*entry.split(), cast, ids, hx_request="true") for entry in parts}
        print(f"{len(parts)} parts x {len(PERSONS)} persons = {len(parts) * len(PERSONS)} answers")

        # without a second factor the whole page comes again, and that one leads to where to set it up
        assert found == {entry: ASKED[entry].replace(FACTOR, SIGN_IN) for entry in parts}
