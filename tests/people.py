"""The cast: people by role, each a browser session of their own. Invent nobody.

`homeowner` has solar and a battery; `co_owner` reaches the same home with a login of his own;
`neighbor` has homes of his own and must see nothing of theirs; `stranger` is new here. The homeowner
lets SunFix see and change the home (`installer`, `installer_admin`, `viewer`) and BrightGrid see it
(`retailer`); `outsider` works for another installer, which was let in nowhere.
"""

from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.browsers import csrf
from gridshare_portal.demo.visitor import as_one_line
from gridshare_portal.lunar import connections, scopes
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.login import cognito, identity
from gridshare_portal.lunar.tokens import pending
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals, sync
from gridshare_portal.telemetry import missing
from tests import snapshots

ALL_SCOPES = tuple(scope.id for scope in scopes.SCOPES)


class Visitor(Client):
    """A browser session with the person behind it, who reads pages as one line: so that tests hold what a page
    says and does *not* say, and not how its template is laid out."""

    user: accounts.User | None = None
    organization: accounts.Organization | None = None
    signs_in_first = False  # with the first request: not all who are known come by

    def generic(self, *what, **how):
        self.sign_in()
        page = super().generic(*what, **how)
        if not page.streaming and page.headers.get("Content-Type", "").startswith("text/html"):
            page.content = as_one_line(page.content.decode()).encode()
        return page

    @property
    def session(self):
        self.sign_in()
        return super().session

    def sign_in(self):
        if self.signs_in_first:
            self.signs_in_first = False
            self.force_login(self.user)

    def force_login(self, user, backend=None):
        """Sign in and, as a sign-in does, take along the secret of forms with its copy."""
        super().force_login(user, backend)
        session, secret = self.session, get_random_string(32)
        session[csrf.COPY] = self.cookies[settings.CSRF_COOKIE_NAME] = secret
        session.save()

    @property
    def connection(self) -> lunar.Connection:
        return lunar.Connection.objects.get(user=self.user)

    @property
    def site(self) -> sites.Site:
        return sites.Site.objects.filter(connection_sites__connection__user=self.user).order_by("pk").first()


def person(email: str) -> accounts.User:
    user = accounts.User.objects.create_user(email=email, name=email.partition("@")[0].title())
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def signed_in(email: str) -> Visitor:
    person(email)
    visitor = known(email)
    visitor.sign_in()
    return visitor


def known(email: str) -> Visitor:
    """Return somebody who has an account, signed in as soon as a page is asked for."""
    visitor = Visitor()
    visitor.user, visitor.signs_in_first = accounts.User.objects.get(email=email), True
    return visitor


def connect(user, username, *, sandbox, granted=ALL_SCOPES, now=None, time_zone="America/Los_Angeles"):
    """Connect a Lunar account without a browser: the sandbox grants, the portal checks and stores."""
    now = now or timezone.now()
    answer = sandbox.pool.grant(username, scopes=granted)
    tokens = cognito.Tokens(
        access=answer["access_token"],
        refresh=answer.get("refresh_token"),
        expires_in_s=answer["expires_in"],
    )
    key = pending.keep(tokens=tokens, now=now).key
    owner = identity.identify(tokens.access, issuer=sandbox.issuer, client_id=sandbox.client_id)
    pending.name_owner(key=key, owner=owner)
    return connections.store(user=user, key=key, time_zone=time_zone, now=now)


def with_home(email, username, *, sandbox, **how) -> Visitor:
    """Return somebody who is connected and whose homes have been read."""
    visitor = signed_in(email)
    connection = connect(visitor.user, username, sandbox=sandbox, **how)
    sync.request(connection=connection, now=timezone.now())
    sync.run(connection_pk=connection.pk, now=timezone.now(), owner="the test")
    return visitor


def settled(email, username, *, sandbox, granted=ALL_SCOPES) -> Visitor:
    """Return somebody with homes, from the rows that reading them wrote once in this process."""
    write = partial(with_home, email, username, sandbox=sandbox, granted=granted)
    put((email, username, granted), write, sandbox=sandbox)
    visitor = known(email)
    visitor.sign_in()
    return visitor


def put(name, write, *, sandbox) -> None:
    """Put the rows into the database that `write` made once in this process, or let it make them now.

    What it makes may depend on the homes that are there and on who listens to homes that were read, so they
    belong to the name; and where something is to go wrong, it must go wrong now.
    """
    there = tuple(sites.Site.objects.order_by("pk").values_list("pk", flat=True))
    if sandbox.faults.on() or any(pk < snapshots.APART for pk in there):
        write()
    else:
        listening = len(signals.synced.receivers)
        snapshots.of((*name, there, listening, sandbox.issuer, missing.HISTORY), write).load(sandbox=sandbox)


def organization(kind, name) -> accounts.Organization:
    """Return the organization of this name, set up if it is not there yet."""
    known = {"kind": kind, "name": name}
    return accounts.Organization.objects.get_or_create(slug=slugify(name), defaults=known)[0]


def staff(email, organization, role) -> Visitor:
    """Return a signed-in member whose second factor, an authenticator app, stands."""
    visitor = signed_in(email)
    visitor.organization = organization
    accounts.Membership.objects.create(user=visitor.user, organization=organization, role=role)
    totp.TOTP.activate(visitor.user, totp.generate_totp_secret())
    return visitor


def share(
    site, organization, given_by, right="control", ask_first=False, until_at=None, now=None
) -> access.Consent:
    """Let an organization into a home; without `now` since five minutes, before a test's story begins."""
    return access.Consent.objects.create(
        site=site,
        organization=organization,
        given_by=given_by,
        right=right,
        ask_first=ask_first,
        from_at=now or timezone.now() - timedelta(minutes=5),
        until_at=until_at,
    )


@pytest.fixture
def homeowner(db, sandbox):
    return settled("ada@portal.example", "ada", sandbox=sandbox)


@pytest.fixture
def co_owner(db, sandbox):
    return settled("cora@portal.example", "cora", sandbox=sandbox)


@pytest.fixture
def neighbor(db, sandbox):
    return settled("ben@portal.example", "ben", sandbox=sandbox)


@pytest.fixture
def reader(db, sandbox):
    """A homeowner who lets the portal read and change nothing."""
    return settled("cleo@portal.example", "cleo", sandbox=sandbox, granted=ALL_SCOPES[:2])


@pytest.fixture
def stranger(db):
    return signed_in("new@portal.example")


@pytest.fixture
def visitor():
    return Visitor()


@pytest.fixture
def sunfix(homeowner):
    """The installer that the homeowner lets see and change the home."""
    found = organization("installer", "SunFix")
    share(homeowner.site, found, homeowner.user)
    return found


@pytest.fixture
def installer(sunfix):
    return staff("ines@sunfix.example", sunfix, "operator")


@pytest.fixture
def installer_admin(sunfix):
    return staff("igor@sunfix.example", sunfix, "admin")


@pytest.fixture
def viewer(sunfix):
    return staff("vera@sunfix.example", sunfix, "viewer")


@pytest.fixture
def retailer(homeowner):
    brightgrid = organization("retailer", "BrightGrid")
    share(homeowner.site, brightgrid, homeowner.user, right="view")
    return staff("rita@brightgrid.example", brightgrid, "admin")


@pytest.fixture
def outsider(db):
    return staff("otto@roofworks.example", organization("installer", "RoofWorks"), "operator")


@pytest.fixture
def roofworks(outsider):
    """An installer that nobody shared anything with."""
    return outsider.organization


@pytest.fixture
def battery(homeowner):
    """The device of the homeowner's that takes modes and plans."""
    return sites.Device.objects.filter(site=homeowner.site, sensors__role_found="battery").distinct().get()
