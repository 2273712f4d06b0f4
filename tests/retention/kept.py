"""One row of every rule that has a length, made so that its time began at a given moment."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import models as cases
from gridshare_portal.control import models as control
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry
from tests import people

DAY = timedelta(days=1)
MODE = {"kind": "mode", "asked": {"mode": "Smart"}}


class World:
    """A homeowner with a home, a device and a company that it is shared with; nobody is asked over HTTP."""

    def __init__(self, now):
        self.now = now
        self.user = people.person("ada@portal.example")
        self.company = people.organization("retailer", "BrightGrid")
        self.connection = self.connect(self.user)
        self.home = self.make_home("site-of-ada", self.connection)
        self.device = sites.Device.objects.create(site=self.home, synth_id="battery-of-ada")
        self.sensor = sites.Sensor.objects.create(
            site=self.home, device=self.device, synth_id="sensor-of-ada"
        )
        self.consent = people.share(self.home, self.company, self.user, now=now - 900 * DAY)

    def connect(self, user, status="active", since=None, sub="sub-of-ada"):
        since = since or self.now
        known = {"issuer": "lunar", "sub": sub, "username": f"{sub}-name", "status_since_at": since}
        return lunar.Connection.objects.create(user=user, status=status, authorized_at=since, **known)

    def make_home(self, synth_id, connection, created=None):
        created = created or self.now
        home = sites.Site.objects.create(
            synth_id=synth_id, name=synth_id, time_zone="UTC", created_at=created
        )
        if connection is not None:
            sites.ConnectionSite.objects.create(site=home, connection=connection, seen_at=created)
        return home

    def change(self, began, **more):
        known = {"device": self.device, "site": self.home, "outcome": "confirmed", **MODE}
        return control.Change.objects.create(made_at=began, **{"settled_at": began, **known, **more})

    def run(self, began, **more):
        known = {"organization": self.company, "name": "Evening", "state": "done", "ended_at": began, **MODE}
        made = runs.Run.objects.create(**{"made_at": began, **known, **more})
        runs.Line.objects.create(run=made, site=self.home, position=0)
        return made

    def case(self, began, **more):
        known = {"organization": self.company, "site": self.home, "cause": "site_silent", "severity": 2}
        times = {"since_at": began, "opened_at": began, "seen_at": began, "closed_at": began}
        return cases.Case.objects.create(**{**known, **times, "closed_how": "resolved", **more})


def connection(world, began):
    return world.connect(world.user, "disconnected", began, sub="another")


def ended_connection(world, began):
    found = world.connect(world.user, "reconnect", began, sub="not renewed")
    return lunar.Connection.objects.filter(pk=found.pk, status="reconnect")


def change(world, began):
    made = world.change(began)
    world.change(world.now)
    return made


def proposal(world, began):
    known = {"device": world.device, "site": world.home, "consent": world.consent, "proposer_label": "Ines"}
    return control.Proposal.objects.create(made_at=began - DAY, expires_at=began, **known, **MODE)


def draft(world, began):
    return world.run(began, state="checked", ended_at=None)


def rejected_line(world, began):
    choice = runs.TargetSelection.objects.create(
        run=world.run(began, state="running", ended_at=None), way="file"
    )
    return runs.RejectedRow.objects.create(choice=choice, line=1, said="no such home", why="unknown")


def unshared_case(world, began):
    access.Consent.objects.update(ended_at=began)
    return world.case(began)


def home(world, began):
    lunar.Connection.objects.update(status="disconnected", status_since_at=began)
    return world.home


def readings(world, began):
    known = {"step_s": 900, "packed": b"", "known": b"", "known_count": 0}
    return telemetry.Day.objects.create(sensor=world.sensor, day=began.date(), **known)


def revision(world, began):
    counted = {"noticed_at": began, "revised": 1, "filled": 0}
    return telemetry.Revision.objects.create(sensor=world.sensor, day=began.date(), **counted)


def sums_of_a_day(world, began):
    return telemetry.SiteDay.objects.create(site=world.home, day=began.date(), stamp=1)


def raw_answer(world, began):
    known = {"site": world.home, "operation": "listSites", "asked_by": world.user, "asked_for": 1}
    return sites.RawResponse.objects.create(asked_at=began, **known)


def group(world, began):
    access.Consent.objects.update(ended_at=began)
    put = portfolio.Group.objects.create(organization=world.company, name="South")
    return portfolio.GroupSite.objects.create(group=put, site=world.home)


def sums(world, began):
    return portfolio.PortfolioDay.objects.create(organization=world.company, day=began.date(), made_at=began)


def unproven_account(world, began):
    user = accounts.User.objects.create_user(email="typo@portal.example", date_joined=began)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    return user


def invitation(world, began):
    known = {"organization": world.company, "email": "ned@new.example", "role": "viewer", "digest": "0" * 64}
    return accounts.Invitation.objects.create(made_at=began - 7 * DAY, expires_at=began, **known)


def request(world, began):
    known = {"organization": world.company, "email": "ned@new.example", "right": "view", "lasts": "day"}
    return access.Request.objects.create(made_at=began - 14 * DAY, expires_at=began, **known)


def letter(world, began):
    return access.RequestEmail.objects.create(
        organization=world.company, email="ned@new.example", sent_at=began
    )


def reminder(world, began):
    return portfolio.Reminder.objects.create(organization=world.company, site=world.home, asked_at=began)


def event(world, began):
    return audit.Event.objects.create(at=began, name="signed_in", actor_id=world.user.pk, actor_label="Ada")


def consent(world, began):
    return people.share(world.home, people.organization("installer", "SunFix"), world.user, until_at=began)


def visit(world, began):
    known = {"site": world.home, "organization": world.company, "user": world.user, "reason": "asked"}
    return access.Visit.objects.create(opened_at=began - timedelta(hours=1), until_at=began, **known)


def operators_action(world, began):
    made = LogEntry.objects.create(user=world.user, action_flag=2, object_repr="A thing")
    LogEntry.objects.filter(pk=made.pk).update(action_time=began)
    return made


ROWS = (
    ("connection", connection),
    ("ended connection", ended_connection),
    ("change", change),
    ("proposal", proposal),
    ("run", World.run),
    ("draft of a run", draft),
    ("rejected line", rejected_line),
    ("case", World.case),
    ("case of an unshared home", unshared_case),
    ("home", home),
    ("readings", readings),
    ("readings", revision),
    ("readings", sums_of_a_day),
    ("raw answer", raw_answer),
    ("group", group),
    ("sums", sums),
    ("unproven account", unproven_account),
    ("invitation", invitation),
    ("request", request),
    ("letter", letter),
    ("letter", reminder),
    ("event", event),
    ("consent", consent),
    ("visit", visit),
    ("operator's action", operators_action),
)
