"""Every address that does something, or hands out a file, has a limit or a reason to have none."""

import inspect
from pathlib import Path

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from gridshare_portal.access import requests
from gridshare_portal.control import quota
from gridshare_portal.limits import acts, answers
from gridshare_portal.limits.windows import length_in_words
from tests.house import pages

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-often.md"
NO_FORMS = "require_safe"  # as the decorator of a view that takes none is called
FILES = ("_csv", "_xlsx", "_json", "_qr", "search", "_codes")  # how addresses of files and searches are named
WITHOUT = {
    "post healthz": "asked by programs, without a form",
    "post readyz": "asked by programs, without a form",
    "post metrics": "asked by programs, with a token",
    "post homeowner:theme": "a color in a cookie; costs nothing",
    "post homeowner:consent_end": "who shares may stop at any time",
    "post homeowner:leave": "who looks may always stop looking",
    "post retailer:run_pause": "a run must stop when its admin says so",
    "post retailer:run_stop": "a run must stop when its admin says so",
    "post retailer:run_cancel": "a run must stop when its admin says so",
    "post account_logout": "who leaves may leave",
    "post account_inactive": "a page of words",
    "post account_reset_password": "there are no passwords; allauth limits it too",
    "post account_reset_password_done": "a page of words",
    "post account_reset_password_from_key": "there are no passwords; allauth limits it too",
    "post account_reset_password_from_key_done": "a page of words",
    "post account_change_password": "there are no passwords; allauth limits it too",
    "post account_set_password": "there are no passwords; allauth limits it too",
    "post account_reauthenticate": "limited by allauth: reauthenticate",
    "post mfa_reauthenticate": "limited by allauth: reauthenticate",
    "post mfa_reauthenticate_webauthn": "limited by allauth: reauthenticate",
    "post mfa_login_webauthn": "limited by allauth: webauthn_login",
    "post mfa_index": "a page of words",
    "post mfa_list_webauthn": "a list",
    "get mfa_view_recovery_codes": "a page; its file is limited",
    "post mfa_view_recovery_codes": "a page; its file is limited",
    "get mfa_generate_recovery_codes": "a question; its answer is limited",
    "post mfa_download_recovery_codes": "its GET is limited",
    "post lunar_callback": "takes no form",
    "post socialaccount_login_cancelled": "a page of words",
    "post socialaccount_login_error": "a page of words",
}
BY_ALLAUTH = pages.ALLAUTH_ANYBODY | pages.ALLAUTH_SIGNED_IN
NAMED = {name for name in BY_ALLAUTH if not name.endswith("/")}  # the others only lead there


def views(resolver=None, namespace=""):
    """Yield every address of ours by its name, with the view as it is written, without its decorators."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from views(one, namespace + (f"{one.namespace}:" if one.namespace else ""))
        elif one.name:
            yield f"{namespace}{one.name}", inspect.unwrap(one.callback)


def takes_forms(view):
    return NO_FORMS not in inspect.getsource(view).partition("def ")[0]


OURS = {name: view for name, view in views() if name in pages.NAMES}


def needs_one(entry):
    method, name = entry.split()
    return method != "get" or name.endswith(FILES)


class TestEveryAddress:
    def test_that_does_something_or_hands_out_a_file_has_a_limit_or_a_reason(self):
        asked = {entry for entry in pages.ASKED if needs_one(entry)}
        asked |= {f"post {name}" for name, view in OURS.items() if takes_forms(view)}
        asked |= {entry for name in NAMED for entry in (f"get {name}", f"post {name}") if needs_one(entry)}

        assert asked - acts.ADDRESSES.keys() - WITHOUT.keys() == set()

    def test_that_is_named_in_a_list_is_there(self):
        there = {f"{way} {name}" for name in pages.ROUTES for way in ("get", "post")}

        assert (acts.ADDRESSES.keys() | WITHOUT.keys()) - there == set()
        assert acts.ADDRESSES.keys() & WITHOUT.keys() == set()

    def test_of_ours_is_found_with_its_view(self):
        assert set(OURS) == set(pages.NAMES)
        assert takes_forms(OURS["homeowner:mode"]) and not takes_forms(OURS["homeowner:site"])

    def test_says_what_for(self):
        assert set(acts.ADDRESSES.values()) == set(acts.ACTS)

    def test_of_a_way_to_a_device_rests_on_rows(self, settings):
        assert quota.BY_A_PERSON[-1].most <= quota.BY_AN_ORGANIZATION[-1].most


def as_told(windows):
    return ", ".join(f"{one.most} in {length_in_words(one.length)}" for one in windows)


class TestThePageOfLimits:
    def test_says_of_each_what_holds(self):
        by_whom = {
            acts.Per.PERSON: "person",
            acts.Per.ADDRESS: "address",
            acts.Per.MAILBOX: "mailbox and address",
            acts.Per.PLACE: "person and home",
        }
        rows = {
            (name, by_whom[one.per], as_told(one.windows))
            for name, act in acts.ACTS.items()
            for one in act.limits
        }
        rows |= {
            ("changes of a device", "person and device", as_told(quota.BY_A_PERSON)),
            ("tries to change a device", "person and device", as_told(quota.TRIES)),
            ("changes of a device", "organization and device", as_told(quota.BY_AN_ORGANIZATION)),
            ("proposals", "organization and device", as_told(quota.PROPOSALS)),
            ("requests to homeowners", "organization", f"{requests.AT_MOST_A_DAY} in a day"),
        }
        told = [
            line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")
        ]

        assert {tuple(one[:3]) for one in told if len(one) == 4} - {("what", "counted by", "at most")} == rows
        assert f"{quota.TO_TAKE_BACK} turns more" in PAGE.read_text()


class TestLimitsOfAllauth:
    def test_are_all_set_and_none_is_unknown(self, settings):
        used = set(answers.ALLAUTH.values()) - {"webauthn_login"}

        assert used <= settings.ACCOUNT_RATE_LIMITS.keys()
        assert set(answers.ALLAUTH) <= NAMED

    def test_by_address_come_after_ours_which_say_when_it_goes_on(self, settings):
        rates = settings.ACCOUNT_RATE_LIMITS["request_login_code"].split(",")
        ours = next(one for one in acts.ACTS["code"].limits if one.per is acts.Per.ADDRESS).windows[0]

        assert int(rates[0].removesuffix("/m/ip")) > ours.most

    @pytest.mark.parametrize("name", ["request_login_code", "confirm_email"])
    def test_by_a_mailbox_alone_are_wider_than_one_visitor_can_use_up(self, settings, name):
        by_mailbox = [
            rate for rate in settings.ACCOUNT_RATE_LIMITS[name].split(",") if rate.endswith("h/key")
        ]
        one_visitor = max(
            window.most
            for limit in acts.ACTS["code"].limits
            if limit.per is acts.Per.MAILBOX
            for window in limit.windows
        )

        assert [int(rate.partition("/")[0]) for rate in by_mailbox] > [2 * one_visitor]
