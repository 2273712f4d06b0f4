"""Who sees what of a home in which other people live now."""

import pytest
from django.utils import timezone

from gridshare_portal.audit import names, record
from gridshare_portal.lunar import connections
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import sync
from tests import people

pytestmark = pytest.mark.django_db


def read(visitor):
    sync.request(connection=visitor.connection, now=timezone.now())
    sync.run(connection_pk=visitor.connection.pk, now=timezone.now(), owner="the test")


class TestAHomeThatChangedHands:
    def test_begins_anew(self, homeowner, sandbox):
        old = homeowner.site
        api_id = old.synth_id
        old.name = "Villa Ada"
        old.save()
        record.add(
            name=names.Name.SITE_RENAMED,
            at=timezone.now(),
            actor=homeowner.user,
            site=old,
            details={"before": {"name": "Home"}, "after": {"name": "Villa Ada"}},
        )
        sandbox.world.hand_over(api_id, to=["eve"])

        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        new = eve.site
        assert new.synth_id == api_id and new.pk != old.pk and new.name == "Home"
        page = eve.get(f"/homes/{api_id}/activity/")
        assert "Villa" not in page.content.decode()
        assert eve.get(f"/homes/{api_id}/").status_code == 200
        assert homeowner.get(f"/homes/{api_id}/").status_code == 404
        old.refresh_from_db()
        assert homeowner.get(f"/homes/{old.synth_id}/").status_code == 404

    def test_stays_with_whoever_disconnected(self, homeowner, sandbox):
        api_id = homeowner.site.synth_id
        connections.disconnect(
            connection=homeowner.connection, actor=homeowner.user, forget_readings=False, now=timezone.now()
        )
        sandbox.world.hand_over(api_id, to=["eve"])
        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)
        old = sites.Site.objects.get(former_id=api_id)
        for path in ("", "history/", "devices/", "activity/", "control/", "access/", "settings/"):
            assert homeowner.get(f"/homes/{old.synth_id}/{path}").status_code == 200, path
            assert eve.get(f"/homes/{old.synth_id}/{path}").status_code == 404
            assert eve.get(f"/homes/{api_id}/{path}").status_code == 200, path
            assert homeowner.get(f"/homes/{api_id}/{path}").status_code == 404, path

    def test_is_shared_by_those_whose_accounts_list_it(self, homeowner, co_owner, sandbox):
        assert homeowner.site == co_owner.site
        assert sites.Site.objects.count() == 1
