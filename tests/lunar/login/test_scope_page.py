"""The page before Lunar: plain words, a choice, and a way out for the form."""

import re

import pytest
from django.test import Client

from gridshare_portal.lunar import models, scopes
from tests.lunar.conftest import EVERYTHING, READING

pytestmark = pytest.mark.django_db(transaction=True)


def ticked(page):
    boxes = re.findall(r'<input type="checkbox" name="scope" value="([^"]+)"( checked)?>', page.text)
    assert [box for box, _ in boxes] == EVERYTHING
    return {box for box, checked in boxes if checked}


class TestTheScopePage:
    def test_offers_every_permission_in_words_and_ticks_reading(self, client, db):
        page = client.get("/connect/")

        assert ticked(page) == set(READING)
        assert all(scope.title in page.text for scope in scopes.SCOPES)

    def test_shows_what_is_read_before_what_is_changed(self, client, db):
        page = client.get("/connect/").text

        assert page.index(scopes.PLAN_READ) < page.index(scopes.DEVICE_WRITE)

    def test_ticks_a_missing_permission_on_top_of_those_there(self, client, connect, homeowner):
        connect(homeowner, granted=[scopes.DEVICE_READ])
        client.force_login(homeowner)

        page = client.get("/connect/", {"add": scopes.DEVICE_WRITE})

        assert ticked(page) == {scopes.DEVICE_READ, scopes.DEVICE_WRITE}
        assert "is ticked below" in page.text

    def test_offers_to_reconnect_as_before(self, client, connect, homeowner):
        connect(homeowner, granted=EVERYTHING)
        models.Connection.objects.update(status="reconnect")
        client.force_login(homeowner)

        assert ticked(client.get("/connect/")) == set(EVERYTHING)

    @pytest.mark.parametrize(
        "add", ["openid", "<script>alert(1)</script>", "x" * 5000, "lunar/device.read,openid"]
    )
    def test_adds_no_permission_that_does_not_exist(self, client, db, add):
        page = client.get("/connect/", {"add": add})

        assert (
            ticked(page) == set(READING)
            and "alert(1)" not in page.text
            and "is ticked below" not in page.text
        )

    def test_lets_its_form_lead_to_lunar_and_no_other_page_may(self, client, sandbox):
        policy = client.get("/connect/")["Content-Security-Policy"]
        elsewhere = client.get("/accounts/login/")["Content-Security-Policy"]

        assert re.search(rf"form-action 'self' {re.escape(sandbox.url)}(;|$)", policy)
        assert sandbox.url not in elsewhere and "form-action 'self'" in elsewhere

    def test_is_not_kept_by_a_browser(self, client, db):
        assert "no-store" in client.get("/connect/")["Cache-Control"]

    def test_is_only_looked_at(self, db):
        assert Client().post("/connect/").status_code == 405
