"""Visitors behind one proxy, through all that stands before a page."""

import logging

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from gridshare_portal.limits import middleware, visitors
from tests import people
from tests.accounts.conftest import code_from_mail, known

pytestmark = pytest.mark.django_db
PROXY, ADA, BEN = "10.0.0.7", "203.0.113.9", "198.51.100.4"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    cache.clear()
    settings.TRUSTED_PROXIES = visitors.trusted(["10.0.0.0/8"])
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def behind(address, *, proxy=PROXY, **more):
    return people.Visitor(REMOTE_ADDR=proxy, HTTP_X_FORWARDED_FOR=address, **more)


def ask_for_code(visitor, email):
    return visitor.post("/accounts/login/", {"login": email})


class TestTwoVisitorsBehindOneProxy:
    def test_have_a_limit_each_for_asking_for_codes(self):
        known("ada@portal.example")
        ada, ben = behind(ADA), behind(f"{ADA}, {BEN}")  # who claims to be somebody else is himself
        asked = [ask_for_code(ben, f"ben{number}@portal.example").status_code for number in range(40)]

        assert asked == [302] * 30 + [429] * 10
        assert ask_for_code(ada, "ada@portal.example").status_code == 302
        page = ada.post("/accounts/login/code/confirm/", {"code": code_from_mail()})
        assert (page.status_code, page["Location"]) == (302, "/")

    def test_are_listed_with_their_own_addresses(self):
        somebody = known("ada@portal.example")
        ada = behind(ADA)
        ask_for_code(ada, somebody.email)
        ada.post("/accounts/login/code/confirm/", {"code": code_from_mail()})

        assert UserSession.objects.get(user=somebody).ip == ADA
        page = ada.get("/accounts/sessions/").text
        assert ADA in page and PROXY not in page

    def test_of_one_network_by_the_new_protocol_are_one(self):
        asked = [
            ask_for_code(behind(f"2001:db8:1:2::{number:x}"), f"b{number}@portal.example").status_code
            for number in range(40)
        ]

        assert 429 in asked
        assert ask_for_code(behind("2001:db8:1:3::1"), "c@portal.example").status_code == 302


class TestWhatAProxySays:
    def test_is_believed_of_https_only_if_it_is_ours(self, settings):
        settings.SECURE_SSL_REDIRECT = True
        ours, other = behind(ADA), behind(ADA, proxy=BEN)

        assert ours.get("/", HTTP_X_FORWARDED_PROTO="https").status_code == 200
        assert ours.get("/").status_code == 301
        assert other.get("/", HTTP_X_FORWARDED_PROTO="https").status_code == 301

    def test_is_missed_in_the_log_if_it_was_perhaps_forgotten(self, caplog, monkeypatch):
        monkeypatch.setattr(middleware, "_named", set())
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                Client(REMOTE_ADDR=BEN).get("/healthz", HTTP_X_FORWARDED_PROTO="https")
            for number in range(100):
                Client(REMOTE_ADDR=f"198.51.100.{number}").get("/healthz", HTTP_X_FORWARDED_PROTO="https")

        said = [one.getMessage() for one in caplog.records if "TRUSTED_PROXIES" in one.getMessage()]
        assert sum(BEN in one for one in said) == 1 and len(said) == middleware.MOST_NAMED

    def test_is_not_looked_at_where_no_proxy_is_named(self, settings, rf):
        settings.TRUSTED_PROXIES = visitors.trusted([])
        said = {"HTTP_X_FORWARDED_FOR": ADA, "HTTP_X_FORWARDED_PROTO": "https"}
        request = rf.get("/healthz", REMOTE_ADDR=PROXY, **said)
        middleware.name_visitor(lambda one: one)(request)

        assert request.META["REMOTE_ADDR"] == PROXY and not said.keys() & request.META.keys()
