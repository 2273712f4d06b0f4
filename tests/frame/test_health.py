"""What operators are told, and that the public is told nothing but yes or no."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import caches
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from gridshare_portal import health, tasks
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry.models import Collection

pytestmark = pytest.mark.django_db
TOKEN = {"Authorization": "Bearer for-operators"}


@pytest.fixture(autouse=True)
def token(settings):
    settings.OPERATOR_TOKEN = "for-operators"


def read(client):
    page = client.get("/metrics", headers=TOKEN).content.decode()
    return {
        one.name.removeprefix("portal_"): one.samples[0].value for one in text_string_to_metric_families(page)
    }


class TestInPublic:
    def test_it_is_ready_with_a_database(self, client):
        page = client.get("/readyz")

        assert (page.status_code, page.content) == (200, b"ready")

    def test_it_is_not_ready_without(self, client, monkeypatch):
        def refuse(*_args, **_options):
            from django.db import OperationalError

            raise OperationalError("gone")

        monkeypatch.setattr(health.connection, "cursor", refuse)
        page = client.get("/readyz")

        assert page.status_code == 503 and page["Retry-After"] and b"gone" not in page.content

    @pytest.mark.parametrize("path", ["/metrics", "/readyz?deep"])
    @pytest.mark.parametrize(
        "given", [{}, {"Authorization": "Bearer for-nobody"}, {"Authorization": "Bearer ünï"}]
    )
    def test_no_number_is_told_without_the_token(self, client, path, given):
        page = client.get(path, headers=given)

        assert (page.status_code, page.content) == (401, b"")

    @pytest.mark.parametrize("path", ["/metrics", "/readyz?deep"])
    def test_nothing_is_there_where_no_token_was_set(self, client, settings, path):
        settings.OPERATOR_TOKEN = ""

        assert client.get(path, headers={"Authorization": "Bearer "}).status_code == 404


class TestTheHeartbeat:
    def test_is_not_known_before_the_first(self, client):
        page = client.get("/readyz?deep", headers=TOKEN)

        assert page.status_code == 503 and page.json()["heartbeat_age_seconds"] is None
        assert read(client)["heartbeat_age_seconds"] != read(client)["heartbeat_age_seconds"]  # NaN

    def test_is_heard_when_beat_gives_a_worker_its_task(self, client):
        tasks.beat()
        page = client.get("/readyz?deep", headers=TOKEN)

        assert page.status_code == 200 and page.json()["ready"]
        assert 0 <= page.json()["heartbeat_age_seconds"] < 10

    def test_is_missed_after_three(self, client):
        caches["database"].set(health.HEARTBEAT, timezone.now() - timedelta(seconds=46), timeout=None)
        page = client.get("/readyz?deep", headers=TOKEN)

        assert page.status_code == 503 and not page.json()["ready"]


class TestTheNumbers:
    def test_say_how_connections_and_answers_fare(self, client, homeowner, neighbor):
        lunar.Connection.objects.filter(user=neighbor.user).update(failures=2)
        sites.Call.objects.update_or_create(
            site=homeowner.site,
            operation="getDevice",
            defaults={"last_at": timezone.now(), "error": "WrongShape"},
        )
        told = read(client)

        assert (told["connections_active"], told["connections_failing"], told["connections_ended"]) == (
            2,
            1,
            0,
        )
        assert (told["unusable_answers_day"], told["lunar_outages"]) == (1, 0)
        lunar.Connection.objects.update(status="reconnect")
        assert (read(client)["connections_active"], read(client)["connections_ended"]) == (0, 2)

    def test_say_for_how_long_work_has_waited(self, client, homeowner):
        sites.Sync.objects.update(due_at=None)
        waiting = Collection.objects.filter(site=homeowner.site)
        waiting.update(due_at=timezone.now() - timedelta(minutes=5), lease_until_at=None)
        assert 300 <= read(client)["oldest_due_seconds"] < 320
        waiting.update(lease_until_at=timezone.now() + timedelta(minutes=1))

        assert read(client)["oldest_due_seconds"] == 0

    def test_are_all_explained(self, client):
        assert set(health.facts(now=timezone.now())) == set(health.MEANINGS)
        assert all(
            f"# HELP portal_{name} " in client.get("/metrics", headers=TOKEN).text for name in health.MEANINGS
        )

    def test_say_what_waits_in_redis_or_that_nobody_knows(self, client, settings):
        assert read(client)["tasks_waiting"] == 0
        settings.CELERY_BROKER_URL = "redis+socket:///nonexistent/redis.sock?virtual_host=0"

        assert read(client)["tasks_waiting"] != read(client)["tasks_waiting"]


class TestTheOperatorsPage:
    def test_shows_them_to_operators_alone(self, client, homeowner, admin_user):
        totp.TOTP.activate(admin_user, totp.generate_totp_secret())
        client.force_login(admin_user)
        page = client.get("/admin/health/")

        assert page.status_code == 200 and health.MEANINGS["oldest_due_seconds"] in page.text
        assert "Neither beat nor a worker" in page.text
        assert homeowner.get("/admin/health/").status_code == 302
