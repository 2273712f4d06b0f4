"""Deletion that is complete: afterwards no column of any table holds what leads to the person or the home."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import timezone

from gridshare_portal.access import consents, requests, visits
from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.organizations import invitations, members
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import handling, raw_responses
from gridshare_portal.cases.models import Case, Digest, Examination, Note
from gridshare_portal.control import changes, operations
from gridshare_portal.control import models as control
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import pending
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.reports import delivery
from gridshare_portal.reports import models as reports
from gridshare_portal.retention import rules, sweep
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry.models import Revision
from tests import people, readings

pytestmark = pytest.mark.django_db
MODE = {"kind": "mode", "asked": {"mode": "Smart"}}
DAY = timedelta(days=1)
ABOUT_NOBODY = {
    model for name in ("machinery", "company", "sums", "counter") for model in rules.BY_NAME[name].models
}
NOBODY_WRITES = {"account.EmailConfirmation", "socialaccount.SocialToken"}  # codes are used, tokens are ours
SEALED = {"lunar.Revocation"}  # nobody can read whose it was
OF_A_FILE = {"runs.RejectedRow"}  # a retailer's own lines, which named no home
OF_OPERATORS = {"accounts.User_user_permissions"}


def dump(model):
    """Return all that a table holds, as text: bytes and search keys also backwards, sessions opened."""
    told = []
    for row in model._base_manager.values():
        for value in row.values():
            if isinstance(value, bytes | memoryview):
                text = bytes(value).decode("latin-1")
                told += [text, text[::-1]]
            else:
                told.append(json.dumps(value, default=str, ensure_ascii=False))
    if model is Session:
        told += [str(one.get_decoded()) for one in Session.objects.all()]
    return "\n".join(told).lower()


def tables():
    return {one._meta.label: dump(one) for one in apps.get_models(include_auto_created=True)}


def marks_of(user, home):
    """Return all by which somebody could tell who or what it was."""
    devices, sensors = home.devices.all(), home.sensors.all()
    subs = lunar.Connection.objects.filter(user=user).values_list("sub", flat=True)
    named = [home.synth_id, *subs, *(one.synth_id for one in [*devices, *sensors])]
    serials = [one.serial_number for one in devices if one.serial_number]
    assert serials and len(named) > 4
    return {one.lower() for one in ["quill", *named, *serials]}


def found(marks):
    return {(table, mark) for table, text in tables().items() for mark in marks if mark in text}


@pytest.fixture
def zora(homeowner):
    """The homeowner, with a name that stands nowhere by chance."""
    user = homeowner.user
    EmailAddress.objects.filter(user=user).update(email="zora@quill.example")
    EmailAddress.objects.create(user=user, email="second@quill.example", verified=True)
    user.name, user.email = "Zora Quill", "zora@quill.example"
    user.save()
    known = {"name": "Quill Cottage", "time_zone": "America/Los_Angeles"}
    assert homeowner.post(f"/homes/{homeowner.site.synth_id}/settings/", known).status_code == 302
    return homeowner


@pytest.fixture
def lived(zora, neighbor, sunfix, installer, retailer, battery, now):
    """Everything that a year leaves of a homeowner who also works for a company."""
    user, home, brightgrid = zora.user, zora.site, retailer.organization
    access.Consent.objects.all().delete()
    for company, right in ((sunfix, "control"), (brightgrid, "view")):
        consents.give(
            site=home,
            organization=company,
            given_by=user,
            right=right,
            lasts="year",
            ask_first=False,
            now=now,
        )
    readings.begin(home)
    changed = {"noticed_at": now, "revised": 1, "filled": 0}
    Revision.objects.create(sensor=home.sensors.first(), day=now.date(), **changed)
    passes.whole(organization=brightgrid, now=now)
    _help(home, installer, battery, user, now)
    changes.make(actor=user, device=battery, asked=operations.AskMode(mode="Smart"), reason="Quill", now=now)
    _sign_in(zora, user, now)
    _work(user, brightgrid, retailer.user, home, now)
    _help_a_neighbor(user, brightgrid, neighbor, now)
    asked = requests.ask(
        organization=sunfix, asked_by=installer.user, email=user.email, right="view", lasts="day", now=now
    )
    terms = {"right": "view", "lasts": "day", "ask_first": False}
    requests.share(request=asked, by=user, homes=[home], now=now, **terms)
    serial = home.devices.exclude(serial_number="").first().serial_number
    again = requests.ask(
        organization=brightgrid,
        asked_by=retailer.user,
        serial_number=serial,
        right="view",
        lasts="day",
        now=now,
    )
    requests.share(request=again, by=user, homes=[home], now=now, **terms)
    return zora


def _help(home, installer, battery, user, now):
    sunfix = installer.organization
    visits.open(
        user=installer.user, site=home, organization=sunfix, reason="other", words="Quill called", now=now
    )
    installer.get(f"/homes/{home.synth_id}/")
    known = {"since_at": now, "opened_at": now, "seen_at": now, "severity": 2, "cause": "site_silent"}
    case = Case.objects.create(organization=sunfix, site=home, subject=battery.synth_id, **known)
    handling.note(case=case, actor=installer.user, words="Ring Quill", now=now)
    raw_responses.ask(site=home, organization=sunfix, actor=installer.user, operation="listSites", now=now)
    asked = operations.AskMode(mode="Simple")
    made = proposals.propose(actor=installer.user, device=battery, asked=asked, reason="Quill", now=now)
    proposals.approve(proposal=made, actor=user, now=now)
    control.State.objects.update_or_create(device=battery, defaults={"mode": "Smart"})
    Examination.objects.get_or_create(site=home, defaults={"due_at": now})


def _work(user, brightgrid, admin, home, now):
    """What is left of work for a retailer, beside one's own home."""
    invited = invitations.invite(
        organization=brightgrid, actor=admin, email=user.email, role="admin", now=now
    )
    invitations.accept(secret=invited.secret, user=user, now=now)
    Digest.objects.get_or_create(user=user, organization=brightgrid, defaults={"due_at": now})
    row = reports.Subscription.objects.create(user=user, organization=brightgrid, every="week", due_at=now)
    delivery.send(pk=row.pk, now=now)
    portfolio.SavedView.objects.create(owner=user, organization=brightgrid, name="Quill", query="q=quill")
    group = portfolio.Group.objects.create(organization=brightgrid, name="South")
    portfolio.GroupSite.objects.create(group=group, site=home)
    portfolio.Reminder.objects.create(organization=brightgrid, site=home, asked_by=user, asked_at=now)
    run = runs.Run.objects.create(organization=brightgrid, made_by=user, name="Evening", made_at=now, **MODE)
    runs.Line.objects.create(run=run, site=home, position=0)
    runs.TargetSelection.objects.create(run=run, way="file")
    access.RequestEmail.objects.filter(email=user.email).delete()
    access.RequestEmail.objects.create(
        organization=people.organization("installer", "RoofWorks"), email="x@x.example", sent_at=now
    )


def _help_a_neighbor(user, brightgrid, neighbor, now):
    """What stays of somebody at a home that is another's: only the name is theirs."""
    home = neighbor.site
    terms = {"right": "control", "lasts": "year", "ask_first": False, "given_by": neighbor.user}
    consents.give(site=home, organization=brightgrid, now=now, **terms)
    battery = sites.Device.objects.filter(site=home, sensors__role_found="battery").distinct().first()
    visits.open(user=user, site=home, organization=brightgrid, reason="asked", now=now)
    asked = {"actor": user, "device": battery, "reason": "A test", "now": now}
    made = proposals.propose(asked=operations.AskMode(mode="Simple"), **asked)
    proposals.decline(proposal=made, actor=neighbor.user, now=now)
    changes.make(asked=operations.AskMode(mode="Smart"), **asked)
    known = {"since_at": now, "opened_at": now, "seen_at": now, "severity": 2, "cause": "site_silent"}
    case = Case.objects.create(organization=brightgrid, site=home, **known)
    handling.note(case=case, actor=user, words="All is well", now=now)


def _sign_in(zora, user, now):
    user.groups.add(Group.objects.create(name="Operators"))
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Quill’s key"})
    other = people.Visitor()
    other.force_login(user)
    UserSession.objects.get_or_create(
        user=user, session_key=other.session.session_key, defaults={"ip": "10.0.0.1"}
    )
    operator = accounts.User.objects.create_superuser(email="op@portal.example")
    for thing in (user, EmailAddress.objects.filter(user=user).first(), zora.connection):
        kind = ContentType.objects.get_for_model(thing)
        LogEntry.objects.create(
            user=operator, content_type=kind, object_id=str(thing.pk), object_repr=str(thing), action_flag=2
        )
    connection = zora.connection
    lunar.Pending.objects.create(
        access_sealed="x",
        refresh_sealed="",
        expires_in_s=60,
        sub=connection.sub,
        username="quill",
        created_at=now,
    )


class TestDeletingTheAccount:
    def test_leaves_nothing_that_leads_to_the_person_or_the_home(self, lived, monkeypatch):
        marks = marks_of(lived.user, lived.site)
        empty = {table for table, text in tables().items() if not text}
        before = {table for table, _mark in found(marks)}
        monkeypatch.setattr(members, "_keep_an_admin", lambda *_who, **_how: None)

        page = lived.post("/account/delete/", {"email": lived.user.email})

        assert page.status_code == 302
        assert found(marks) == set()
        assert empty - ABOUT_NOBODY == NOBODY_WRITES | SEALED | OF_A_FILE | OF_OPERATORS
        assert len(before) > 20  # or the marks would be none
        for kept in (control.Change, control.Proposal, Note, access.Visit):
            assert kept.objects.exists() is (kept is not access.Visit), kept  # of the neighbor's home

    def test_keeps_what_was_done_without_saying_by_whom(self, lived, sunfix):
        who, home = lived.user.pk, lived.site.synth_id
        done = audit.Event.objects.filter(actor_id=who).count()
        looks = audit.Event.objects.filter(
            site_id=home, organization_id=sunfix.pk, name="site_viewed"
        ).count()

        lived.user.delete()

        assert looks and done
        kept = audit.Event.objects.filter(actor_id=who)
        assert kept.count() >= done
        assert set(kept.values_list("actor_label", flat=True)) == {"A deleted account"}
        still = audit.Event.objects.filter(organization_id=sunfix.pk, name="site_viewed")
        assert still.count() == looks
        assert {event.actor_label for event in still} == {"Ines"}
        assert (
            len({event.site_id for event in audit.Event.objects.filter(site_id__startswith="deleted-")}) == 1
        )

    def test_is_as_complete_when_an_operator_does_it(self, lived):
        marks = marks_of(lived.user, lived.site)

        accounts.User.objects.filter(pk=lived.user.pk).delete()

        assert found(marks) == set()

    def test_ends_every_sign_in(self, homeowner):
        other = people.Visitor()
        other.force_login(homeowner.user)
        known = {"session_key": other.session.session_key, "ip": "10.0.0.1"}
        UserSession.objects.create(user=homeowner.user, **known)

        homeowner.user.delete()

        assert not Session.objects.filter(session_key=known["session_key"]).exists()

    def test_discards_keys_that_still_waited(self, homeowner, sandbox, now):
        connection = homeowner.connection
        row = pending.keep(tokens=cognito.Tokens(access="a", refresh="r", expires_in_s=60), now=now)
        lunar.Pending.objects.filter(pk=row.pk).update(sub=connection.sub)

        homeowner.user.delete()

        assert not lunar.Pending.objects.exists()
        assert lunar.Revocation.objects.count() == 2

    def test_leaves_the_home_to_who_lives_there_too_and_names_nobody(self, zora, co_owner):
        home = zora.site

        zora.user.delete()

        assert co_owner.site == home
        told = audit.Event.objects.get(site_id=home.synth_id, name="site_renamed")
        assert told.actor_label == "A deleted account"
        assert co_owner.get(f"/homes/{home.synth_id}/activity/").text.count("A deleted account") > 0

    def test_does_not_tell_a_company_that_nobody_answered(self, zora, installer, now):
        """It typed the address itself, and reads the same of an address that nobody has."""
        company = installer.organization
        ask = {
            "organization": company,
            "asked_by": installer.user,
            "right": "view",
            "lasts": "day",
            "now": now,
        }
        asked = requests.ask(email=zora.user.email, **ask)
        requests.decline(request=asked, by=zora.user, now=now)

        zora.user.delete()
        assert access.Request.objects.filter(pk=asked.pk).exists()

        sweep.run(now=now + 45 * DAY, for_s=60)
        assert {table for table, _mark in found({"quill"})} == set()


class TestAHomeAfterItsTime:
    def test_leads_nowhere_any_more_and_its_homeowner_stays(self, lived):
        lunar.Pending.objects.all().delete()  # as a quarter of an hour later
        user, home = lived.user, lived.site
        marks = marks_of(user, home) - {"quill"}
        connection = lived.connection
        lived.post(f"/connection/{connection.pk}/disconnect/", {})
        assert lived.get(f"/homes/{home.synth_id}/").status_code == 200

        sweep.run(now=timezone.now() + 29 * DAY, for_s=60)
        assert sites.Site.objects.filter(pk=home.pk).exists()

        sweep.run(now=timezone.now() + 31 * DAY, for_s=60)
        assert found(marks) == set()
        assert accounts.User.objects.filter(pk=user.pk).exists()


class TestWhatACompanyKeeps:
    """Of a home that is no longer shared with it."""

    def test_is_out_of_its_list_and_search_at_once(self, lived, retailer, now):
        company = retailer.organization
        for one in access.Consent.objects.filter(organization=company, ended_at=None):
            consents.end(consent=one, by=lived.user, now=now)
        passes.whole(organization=company, now=now)

        assert not portfolio.SiteRow.objects.filter(organization=company).exists()
        assert not access.Entry.objects.filter(organization=company).exists()
        assert not access.Word.objects.filter(organization=company).exists()
