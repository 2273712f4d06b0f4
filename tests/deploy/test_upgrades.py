"""Each version that was released, with the rows it left, becomes the newest: nothing is lost, and pages open.

And while it becomes so: the version before goes on writing to the new tables, until its last process has ended.
"""

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.access import visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.signing_in import second_factors
from gridshare_portal.lunar import models as lunar
from tests import people
from tests.deploy import recorded

CHANGED = {
    ("mfa.Authenticator", "data"): "0.2.0 seals a second factor's secret for its own row",
    ("socialaccount.SocialAccount", "uid"): "0.2.0 names an account by its issuer and its subject",
    ("telemetry.Day", "closed_at"): "0.2.0 asks again for days that may still change",
}
PAGES = {
    "ada@portal.example": (
        "/homes/",
        "/homes/{site}/",
        "/homes/{site}/history/",
        "/homes/{site}/history.csv",
        "/homes/{site}/control/",
        "/homes/{site}/activity/",
        "/homes/{site}/access/",
        "/homes/{site}/devices/",
        "/homes/{site}/proposals/",
        "/sharing/",
        "/connection/",
    ),
    "ines@sunfix.example": (
        "/support/sunfix/",
        "/support/sunfix/homes/",
        "/support/sunfix/homes/{site}/",
        "/support/sunfix/digest/",
        "/support/sunfix/search/?q=ada",
        "/organizations/sunfix/",
    ),
    "rita@brightgrid.example": (
        "/portfolio/brightgrid/",
        "/portfolio/brightgrid/homes/",
        "/portfolio/brightgrid/homes.csv",
        "/portfolio/brightgrid/runs/",
        "/portfolio/brightgrid/campaigns/",
        "/portfolio/brightgrid/report/",
        "/organizations/brightgrid/record/",
    ),
}


def by_key(table):
    """Return a table's rows, as recorded, by their primary key's place among the fields."""
    return [dict(zip(table["fields"], row, strict=True)) for row in table["rows"]]


def differing(before, after):
    """Return what an upgrade lost or changed: rows by their number, values by their field."""
    for label, table in before.items():
        if label not in after:
            yield f"{label} is gone"
            continue
        there = {str(row[after[label]["fields"][0]]): row for row in by_key(after[label])}
        for row in by_key(table):
            found = there.get(str(row[table["fields"][0]]))
            if found is None:
                yield f"{label} {row[table['fields'][0]]} is gone"
                continue
            for name in set(row) & set(found):
                if row[name] != found[name] and (label, name) not in CHANGED:
                    yield f"{label}.{name} of {row[table['fields'][0]]}"


class TestAnUpgrade:
    def test_loses_no_row_and_no_value(self, upgraded):
        version, _old = upgraded

        assert list(differing(version["rows"], recorded.rows_of(apps))) == []

    def test_leaves_second_factors_and_accounts_that_are_known(self, upgraded):
        factors = Authenticator.objects.filter(type="totp")
        assert factors.exists()
        for factor in factors:
            assert second_factors.opened(factor.data["secret"])
        for one in lunar.Connection.objects.exclude(account=None):
            assert one.account.uid == f"{one.issuer} {one.sub}"

    def test_leaves_tokens_that_open(self, upgraded):
        for row in lunar.Connection.objects.all():
            assert row.access_token() == "made-up access token"
            assert seal.unseal(row.refresh_sealed, row.context("refresh")) == "made-up refresh token"

    @pytest.mark.parametrize("email", PAGES)
    def test_leaves_pages_that_open(self, upgraded, email, sandbox):
        with transaction.atomic():
            visitor, home = people.known(email), people.known("ada@portal.example").site
            if email == "ines@sunfix.example":  # her visit of then is over: she says why once more
                sunfix = accounts.Organization.objects.get(slug="sunfix")
                now = timezone.now()
                visits.open(user=visitor.user, site=home, organization=sunfix, reason="asked", now=now)
            found = {path: visitor.get(path.format(site=home.synth_id)).status_code for path in PAGES[email]}
            transaction.set_rollback(True)

        assert found == dict.fromkeys(PAGES[email], 200)

    def test_lets_the_version_before_write_and_read_until_it_ends(self, upgraded):
        """Its models know its columns only: what is new has to do without being told."""
        version, old = upgraded
        if version["version"] != recorded.versions()[-1]:
            pytest.skip("ended long ago: what it needed may be gone")
        with transaction.atomic():
            recorded.clear(old)
            recorded.load(version["rows"], old)
            connection.check_constraints()
            read = recorded.rows_of(old)
            transaction.set_rollback(True)

        assert list(differing(version["rows"], read)) == []


class TestTheComparison:
    BEFORE = {"a.A": {"fields": ["id", "name"], "rows": [[1, "x"], [2, "y"]]}}

    @pytest.mark.parametrize(
        ("after", "found"),
        [
            ({}, ["a.A is gone"]),
            ({"a.A": {"fields": ["id", "name"], "rows": [[1, "x"]]}}, ["a.A 2 is gone"]),
            ({"a.A": {"fields": ["id", "name"], "rows": [[1, "x"], [2, ""]]}}, ["a.A.name of 2"]),
            ({"a.A": {"fields": ["id", "name", "new"], "rows": [[1, "x", 0], [2, "y", 0]]}}, []),
        ],
    )
    def test_sees_what_was_lost(self, after, found):
        assert list(differing(self.BEFORE, after)) == found
