"""A home in which other people live now has rows of its own; those before keep theirs."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import clients, queries, signals, sync
from gridshare_portal.sites import models as sites
from gridshare_portal.sites.reading import others
from gridshare_portal.sites.reading.occupancy import Silence
from tests import people
from tests.sites.synced import read, row
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(connected, now):
    """Ada's home, read a moment ago."""
    read(connected("ada"), now)
    return sites.Site.objects.get()


def become(username, status, at):
    lunar.Connection.objects.filter(username=username).update(status=status, status_since_at=at)


def link(username, site):
    return sites.ConnectionSite.objects.get(site=site, connection__username=username)


class TestANewOccupant:
    def test_has_a_home_of_their_own_under_the_api_s_id(self, home, connected, sandbox, now):
        sites.Site.objects.update(name="Villa Ada", time_zone="Europe/Rome", zone_confirmed_at=now)
        sandbox.world.hand_over(home.synth_id, to=["eve"])

        read(connected("eve"), now)

        new = sites.Site.objects.get(synth_id=home.synth_id)
        assert new.pk != home.pk and (new.name, new.zone_confirmed_at, new.begun_at) == ("Home", None, now)
        assert {sensor.role for sensor in queries.sensors_of(new)} == {"grid", "battery", "solar"}
        assert [device.synth_id for device in new.devices.all()] == [
            one.synth_id for one in sandbox.world.home(home.synth_id).devices
        ]
        assert new.audit_id != home.audit_id

    def test_leaves_to_those_before_all_they_had(self, home, connected, sandbox, now):
        devices, sensors = set(home.devices.values_list("pk")), set(home.sensors.values_list("pk"))
        tree = [(one.device, one.sensor, one.depth) for one in queries.tree_of(home)]
        api_id, audit_id = home.synth_id, home.audit_id
        become("ada", "disconnected", now)

        read(connected("cora"), now)

        home.refresh_from_db()
        assert set(home.devices.values_list("pk")) == devices
        assert set(home.sensors.values_list("pk")) == sensors
        assert [(one.device, one.sensor, one.depth) for one in queries.tree_of(home)] == tree
        assert (home.former_id, home.audit_id, home.left_at) == (api_id, audit_id, now)
        assert (link("ada", home).is_kept, link("ada", home).lost_at) == (True, now)
        with pytest.raises(clients.NoAccessPath):
            clients.connection_for(home, scope="lunar/device.read")

    def test_does_not_come_in_because_an_old_list_had_the_home(self, home, connected, sandbox, now):
        """It was sold within the six hours since the account before was read."""
        sandbox.world.hand_over(home.synth_id, to=["eve"])

        read(connected("eve"), now + timedelta(minutes=1))

        assert sites.Site.objects.count() == 2
        home.refresh_from_db()
        assert (link("ada", home).is_kept, link("ada", home).lost_at is None) == (False, False)

    def test_is_told_by_the_sign_in_that_ended(self, home, connected, sandbox, now):
        """Lunar ends the sign-in of whoever sold: so the portal learns of it while it asks."""
        sandbox.pool.reset()
        lunar.Connection.objects.update(access_expires_at=now, refresh_due_at=now)

        read(connected("cora"), now)

        assert lunar.Connection.objects.get(username="ada").status == "reconnect"
        assert sites.Site.objects.count() == 2

    @pytest.mark.parametrize("status", ["reconnect", "disconnected"])
    def test_begins_where_the_connection_before_has_ended(self, home, connected, status, now):
        become("ada", status, now)

        read(connected("cora"), now)

        assert sites.Site.objects.count() == 2

    def test_reads_devices_that_were_read_just_before_for_others(self, home, connected, sandbox, now):
        become("ada", "disconnected", now)

        read(connected("cora"), now)

        new = sites.Site.objects.get(left_at=None)
        assert new.topology_read_at == now and new.devices.get().details_read_at == now

    def test_has_records_of_their_own_also_when_those_between_are_gone(self, home, connected, sandbox, now):
        become("ada", "disconnected", now)
        read(connected("cora"), now)
        between = sites.Site.objects.get(left_at=None)
        between.delete()
        sandbox.world.hand_over(home.synth_id, to=["eve"])

        read(connected("eve"), now)

        new = sites.Site.objects.get(left_at=None)
        home.refresh_from_db()
        assert len({home.audit_id, between.audit_id, new.audit_id}) == 3
        assert new.begun_at == now

    def test_reads_nothing_that_was_before(self, home, connected, sandbox, now):
        become("ada", "disconnected", now)
        read(connected("cora"), now)
        new = sites.Site.objects.get(left_at=None)
        sensor = new.sensors.first().synth_id

        client = clients.for_site(new, scope="lunar/device.read")
        before = client.get_device_telemetry(sensor, start=now - timedelta(days=3), end=now)
        sandbox.clock.set(now + timedelta(days=2), ticking=True)
        since = client.get_device_telemetry(
            sensor, start=now - timedelta(days=3), end=now + timedelta(days=1)
        )

        assert before == () and since
        assert timedelta(0) <= min(one.at for one in since) - now < timedelta(minutes=15)

    def test_of_a_home_that_nobody_had_reads_its_past(self, home, now):
        client = clients.for_site(home, scope="lunar/device.read")

        sensor = home.sensors.first().synth_id
        assert client.get_device_telemetry(sensor, start=now - timedelta(days=1), end=now)


class TestWhoLivesThereTogether:
    def test_shares_one_home(self, home, connected, now):
        read(connected("cora"), now)

        assert sites.Site.objects.get() == home
        assert link("cora", home).lost_at is None

    def test_waits_while_the_other_account_cannot_be_asked(self, home, connected, now):
        lunar.Connection.objects.update(scopes="openid")
        cora = connected("cora")

        read(cora, now)

        assert not sites.ConnectionSite.objects.filter(connection=cora).exists()
        assert sites.Site.objects.count() == sites.Device.objects.count() == 1
        assert (row(cora).state, row(cora).last_error) == ("failed", "busy")
        assert row(cora).due_at - now < timedelta(minutes=1)

    def test_begins_anew_after_a_day_in_which_it_could_not_be_asked(self, home, connected, now):
        lunar.Connection.objects.update(scopes="openid")
        cora = connected("cora")

        read(cora, now + timedelta(hours=23))
        assert sites.Site.objects.count() == 1

        sync.request(connection=cora, now=now + timedelta(hours=25))
        read(cora, now + timedelta(hours=25))
        assert sites.Site.objects.count() == 2
        assert link("ada", home).is_kept

    def test_is_not_known_where_lunar_does_not_answer(self, home, sandbox):
        pk = lunar.Connection.objects.get().pk
        assert others.listed_by([pk], prolong=list) == {pk: {home.synth_id}}

        sandbox.faults.switch_on("listSites", "server_error")
        assert others.listed_by([pk], prolong=list) == {pk: Silence.UNKNOWN}

    def test_is_asked_again_later_where_time_ran_out(self, home, connected, monkeypatch, now):
        monkeypatch.setattr(others, "SECONDS", 0.0)
        assert others.listed_by([*range(20)], prolong=list)[19] is Silence.LATER

        sites.ConnectionSite.objects.update(seen_at=now - timedelta(days=9))
        monkeypatch.setattr(others, "_asked", lambda pks: dict.fromkeys(pks, Silence.LATER))
        cora = connected("cora")
        read(cora, now)

        assert sites.Site.objects.count() == 1 and row(cora).last_error == "busy"

    def test_is_the_same_person_with_another_account(self, home, sandbox, now):
        user = lunar.Connection.objects.get().user
        become("ada", "reconnect", now)
        second = people.connect(user, "cora", sandbox=sandbox, now=now)
        sync.request(connection=second, now=now)

        read(second, now)

        assert sites.Site.objects.get() == home

    def test_is_not_who_sold_it_while_the_list_was_on_its_way(
        self, home, connected, sandbox, now, monkeypatch
    ):
        """Eve's row is there, and a run for Ada brings a list from the moment before."""
        ada = lunar.Connection.objects.get(username="ada")
        eve = connected("eve")
        sync.request(connection=ada, now=now)
        real = sync._store_surely

        def sold_meanwhile(*args):
            monkeypatch.setattr(sync, "_store_surely", real)
            sandbox.world.hand_over(home.synth_id, to=["eve"])
            read(eve, now)
            return real(*args)

        monkeypatch.setattr(sync, "_store_surely", sold_meanwhile)
        read(ada, now)

        new = sites.Site.objects.get(left_at=None)
        assert [one.connection for one in new.connection_sites.all()] == [eve]
        assert row(ada).state == "done"


class TestComingBack:
    def test_goes_on_where_nobody_else_came(self, home, sandbox, now):
        ada = lunar.Connection.objects.get()
        connections.disconnect(connection=ada, actor=ada.user, forget_readings=False, now=now)
        people.connect(ada.user, "ada", sandbox=sandbox, now=now)

        read(ada, now)

        assert sites.Site.objects.get() == home

    def test_after_others_came_shares_theirs_and_keeps_the_old_one_to_look_at(
        self, home, connected, sandbox, now
    ):
        become("ada", "reconnect", now)
        read(connected("cora"), now)
        ada = people.connect(lunar.Connection.objects.get(username="ada").user, "ada", sandbox=sandbox)

        later = now + timedelta(minutes=5)
        sync.request(connection=ada, now=later)
        read(ada, later)

        new = sites.Site.objects.get(left_at=None)
        assert link("ada", new).lost_at is None
        assert (link("ada", home).is_kept, link("ada", home).lost_at) == (True, now)
        assert [one.synth_id for one in queries.sites_of(ada)] == [new.synth_id]


class TestADevice:
    def test_that_came_along_from_people_who_left_comes_without_its_past(self, home, connected, sandbox, now):
        """Lunar may give the home another id for its new owner, and its devices keep theirs."""
        battery = home.devices.get()
        become("ada", "disconnected", now)
        eve = connected("eve")
        sandbox.world.hand_over(home.synth_id, to=["eve"])
        sites.Site.objects.filter(pk=home.pk).update(synth_id="its-old-id")

        read(eve, now)

        new = sites.Device.objects.get(synth_id=battery.synth_id)
        battery.refresh_from_db()
        assert new.pk != battery.pk and new.site.synth_id == home.synth_id
        assert battery.site == home and battery.gone_at == now

    def test_stays_where_somebody_else_lives_with_it(self, home, connected, sandbox, now):
        battery = home.devices.get()
        eve = connected("eve")
        sandbox.world.hand_over(home.synth_id, to=["eve"])
        sites.Site.objects.filter(pk=home.pk).update(synth_id="its-old-id")
        real = others.listed_by

        def still_listed(pks, *, prolong):
            return {pk: ["its-old-id"] for pk in real(pks, prolong=prolong)}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(others, "listed_by", still_listed)
            read(eve, now)

        battery.refresh_from_db()
        assert (battery.site, battery.gone_at) == (home, None)
        assert not sites.Site.objects.get(synth_id=home.synth_id).devices.exists()

    def test_moves_with_its_people(self, home, connected, sandbox, now):
        battery = home.devices.get()
        sites.Site.objects.filter(pk=home.pk).update(synth_id="its-old-id")
        ada = lunar.Connection.objects.get()
        sync.request(connection=ada, now=now)

        read(ada, now + timedelta(hours=2))

        battery.refresh_from_db()
        assert battery.site == sites.Site.objects.get(synth_id=home.synth_id)


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    """Two workers read two accounts that list the same home."""

    def test_a_new_home_is_one_row_for_both(self, connected, now):
        pair = [connected("ada"), connected("cora")]
        at_once(*(lambda one=one: read(one, now, owner=one.username) for one in pair))

        home = sites.Site.objects.get()
        assert home.connection_sites.filter(lost_at=None).count() == 2
        assert home.devices.count() == 1 and home.sensors.count() == 3
        assert {row(one).state for one in pair} == {"done"}

    def test_a_home_that_was_left_is_one_new_row_for_both(self, home, connected, sandbox, now):
        become("ada", "disconnected", now)
        sandbox.world.hand_over(home.synth_id, to=["cora", "eve"])
        pair = [connected("cora"), connected("eve")]
        at_once(*(lambda one=one: read(one, now, owner=one.username) for one in pair))

        new = sites.Site.objects.get(left_at=None)
        assert set(queries.connections_of(new)) == {*pair}
        assert sites.Site.objects.count() == 2 and new.devices.count() == 1

    def test_of_buyer_and_seller_each_has_a_row(self, home, connected, sandbox, now):
        ada = lunar.Connection.objects.get()
        eve = connected("eve")
        sandbox.world.hand_over(home.synth_id, to=["eve"])
        sync.request(connection=ada, now=now)
        at_once(*(lambda one=one: read(one, now, owner=one.username) for one in (ada, eve)))

        new = sites.Site.objects.get(left_at=None)
        assert [one.connection for one in new.connection_sites.all()] == [eve]
        home.refresh_from_db()
        assert (home.left_at, link("ada", home).is_kept) == (now, False)

    def test_asks_nobody_inside_a_transaction(self, home, connected, monkeypatch, now):
        inside, real = [], others.listed_by

        def noting(pks, *, prolong):
            inside.append(transaction.get_connection().in_atomic_block)
            return real(pks, prolong=prolong)

        monkeypatch.setattr(others, "listed_by", noting)
        read(connected("cora"), now)

        assert inside == [False]


class TestTheSignal:
    def test_tells_once_and_in_the_transaction_that_others_live_there(
        self, home, connected, now, monkeypatch
    ):
        heard = []

        def listener(site, at, **_rest):
            heard.append((site.pk, at, database.in_atomic_block))

        monkeypatch.setattr(signals.left, "receivers", [])
        signals.left.connect(listener)
        become("ada", "disconnected", now)

        read(connected("cora"), now)

        assert heard == [(home.pk, now, True)]
        assert timezone.now() >= now
