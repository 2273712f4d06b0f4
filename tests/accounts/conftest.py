"""People without homes, and the codes they are sent."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache

from gridshare_portal.accounts.models import User
from tests import people


@pytest.fixture(autouse=True)
def _no_rate_limit_left_by_another_test():
    cache.clear()


@pytest.fixture
def somebody(db):
    return known("somebody@portal.example")


def known(email, **fields):
    user = User.objects.create_user(email, **fields)
    EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
    return user


def code_from_mail():
    return re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]


def sign_in(client, email, **more):
    client.post("/accounts/login/", {"login": email, **more}, follow=True)
    return client.post("/accounts/login/code/confirm/", {"code": code_from_mail(), **more})


@pytest.fixture
def sunfix(db):
    return people.organization("installer", "SunFix")


@pytest.fixture
def igor(sunfix):
    return people.staff("igor@sunfix.example", sunfix, "admin")


@pytest.fixture
def ines(sunfix):
    return people.staff("ines@sunfix.example", sunfix, "operator")
