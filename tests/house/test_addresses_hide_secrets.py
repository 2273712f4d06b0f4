"""Every parameter of an address, and every setting, was looked at: it is a secret, or it is none."""

import re

import pytest
from django.urls import URLPattern, get_resolver

from gridshare_portal import settings as ours
from gridshare_portal.logs import redaction

SUSPICIOUS = re.compile(r"secret|token|key|code|uid|sign|nonce|hash|digest|pass", re.IGNORECASE)
PLANTED = "planted-word"


def routes(resolver, before=""):
    """Every address with its parameters, as (route, names)."""
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield route, set(re.findall(r"<(?:\w+:)?(\w+)>", route))
        else:
            yield from routes(one, route)


ROUTES = list(routes(get_resolver()))
SECRET = [route for route, names in ROUTES if names & redaction.SECRET_PARAMETERS]


def planted(route):
    """An address of this route, with the planted word for each secret and 1 for all else."""
    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").replace("$", "")
    secret = "|".join(redaction.SECRET_PARAMETERS)
    return "/" + re.sub(r"<(?:\w+:)?\w+>", "1", re.sub(rf"<(?:\w+:)?(?:{secret})>", PLANTED, plain))


class TestEveryParameter:
    def test_of_an_address_was_looked_at(self):
        names = set().union(*(names for _route, names in ROUTES))

        assert names <= redaction.SECRET_PARAMETERS | redaction.PLAIN_PARAMETERS

    def test_that_sounds_like_a_secret_is_taken_for_one(self):
        assert {name for name in redaction.PLAIN_PARAMETERS if SUSPICIOUS.search(name)} == set()

    @pytest.mark.parametrize("route", SECRET)
    def test_that_is_a_secret_is_in_no_line(self, route):
        address = planted(route)

        assert PLANTED in address
        assert PLANTED not in redaction.redact(f"Not Found: {address}")

    def test_is_found_by_this_test(self):
        assert len(ROUTES) > 150 and {"invitations/<str:token>/"} <= set(SECRET)


class TestEverySetting:
    def test_that_is_a_secret_is_known_by_heart(self):
        held = {
            name
            for name in vars(ours)
            if name.isupper()
            and re.search("SECRET|TOKEN|KEYS?$|PASSWORD", name)
            and _is_text(getattr(ours, name))
        }

        assert held <= set(redaction.SECRET_SETTINGS)
        assert {"SECRET_KEY", "TOKEN_KEYS", "LUNAR_CLIENT_SECRET"} <= held


def _is_text(value):
    values = value if isinstance(value, list) else [value]
    return all(isinstance(one, str) for one in values)
