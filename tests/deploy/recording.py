"""Records what this version leaves in a database: `.venv/bin/python -m tests tests/deploy/recording.py`.

To be run once at each release; the file is committed and never written again, because later versions are
tested with it. People and homes are the cast of the tests, at work: every table gets a row at least.
"""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

import gridshare_portal
from gridshare_portal import seal
from gridshare_portal.access import requests, visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.organizations import invitations
from gridshare_portal.cases import digest, handling, open_counts
from gridshare_portal.control import changes, operations
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio.projection import daily_sums, passes
from gridshare_portal.portfolio.table import groups, saved_views
from gridshare_portal.reports import delivery
from gridshare_portal.upkeep import manifest
from tests import people, readings
from tests.deploy import recorded
from tests.runs import fleet


@pytest.fixture
def world(
    homeowner, co_owner, neighbor, installer, installer_admin, viewer, retailer, outsider, battery,
    make_case, make_campaign, examined,
):  # fmt: skip
    """The cast after a busy day."""
    now = timezone.now()
    sunfix, brightgrid, home = installer.organization, retailer.organization, homeowner.site
    people.share(neighbor.site, brightgrid, neighbor.user)
    readings.fetch(homeowner, now, days=2)
    visits.open(user=installer.user, site=home, organization=sunfix, reason="asked", now=now)
    smart, simple = operations.AskMode(mode="Smart"), operations.AskMode(mode="Simple")
    changes.make(actor=homeowner.user, device=battery, asked=smart, reason="dearer power", now=now)
    asked = {"actor": installer.user, "device": battery, "asked": simple, "reason": "Your tariff changed"}
    proposals.propose(**asked, now=now)
    requests.ask(
        organization=outsider.organization, asked_by=outsider.user, email=homeowner.user.email,
        right="view", lasts="year", now=now,
    )  # fmt: skip
    member = {"organization": sunfix, "email": "ned@new.example", "role": "viewer"}
    invitations.invite(**member, actor=installer_admin.user, now=now)
    examined()
    case = make_case(home, sunfix)
    handling.note(case=case, actor=installer.user, words="Called, nobody there", now=now)
    open_counts.count(now=now)
    digest.enroll(now=now)
    passes.whole(organization=brightgrid, now=now)
    daily_sums.count(organization=brightgrid.pk, day=(now - timedelta(days=1)).date(), now=now)
    groups.add(organization=brightgrid, name="North", homes=[home.pk])
    view = {"name": "Low", "query": "sort=charge", "is_shared": True}
    saved_views.keep(organization=brightgrid, user=retailer.user, **view)
    make_campaign()
    membership = accounts.Membership.objects.get(user=retailer.user)
    delivery.choose(membership=membership, every="week", time_zone="UTC", now=now)
    terms = {"kind": "mode", "asked": {"mode": "Smart"}, "name": "Evening peak"}
    fleet.drafted(organization=brightgrid, actor=retailer.user, sites=[neighbor.site.pk], now=now, **terms)


def fill_what_is_empty():
    """Make up a row for each table without one, so that the next version has something to take over."""
    for model in recorded.kept(apps):
        if not model._base_manager.exists():
            model._base_manager.create(
                **{f.attname: _made_up(f) for f in model._meta.concrete_fields if _asked(f)}
            )


def _asked(field):
    return not (field.generated or field.primary_key and isinstance(field, models.AutoField)) and not (
        field.has_default() or field.null
    )


def _made_up(field):
    if isinstance(field, models.ForeignKey):
        return field.related_model._base_manager.values_list("pk", flat=True).first()
    if field.choices:
        return field.flatchoices[0][0]
    kinds = {
        models.DateTimeField: timezone.now(),
        models.DateField: timezone.now().date(),
        models.IntegerField: 1,
        models.FloatField: 1.0,
        models.BooleanField: False,
        models.BinaryField: b"made up",
        models.JSONField: {},
        models.CharField: "made up"[: field.max_length or 7],
        models.TextField: "made up",
    }
    return next(value for kind, value in kinds.items() if isinstance(field, kind))


def replace_secrets():
    """Seal something made up in place of each token, with the tests' own key."""
    for model in (lunar.Connection, lunar.Pending):
        for row in model.objects.all():
            sealed = {
                f"{one}_sealed": seal.seal(f"made-up {one} token", row.context(one))
                for one in ("access", "refresh")
            }
            model.objects.filter(pk=row.pk).update(**sealed)
    for row in lunar.Revocation.objects.all():
        sealed = seal.seal("made-up refresh token", row.context())
        lunar.Revocation.objects.filter(pk=row.pk).update(refresh_sealed=sealed)


class TestRecording:
    def test_writes_what_this_version_leaves(self, world):
        version = gridshare_portal.__version__
        assert version not in recorded.versions(), (
            f"{version} was recorded: what was released stays as it was"
        )
        fill_what_is_empty()
        replace_secrets()
        rows = recorded.rows_of(apps)

        assert [label for label, table in rows.items() if not table["rows"]] == []
        connection.check_constraints()
        recorded.write(version, migrations=manifest.heads(), rows=rows)
