"""What one may not see does not exist: every address, asked by those who must not see what is behind it.

A new address fails here until it is listed, with what its id names and whom it answers.
"""

import uuid
from datetime import timedelta

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from gridshare_portal.access import models as access
from gridshare_portal.control import models as control
from gridshare_portal.sites import models as sites
from tests import people

ANYBODY = {  # answers without a question; nothing of anybody's is on it
    "homeowner:welcome",
    "homeowner:theme",
    "homeowner:share_link",  # who asks for what, before anybody signs in
    "retailer:join",  # the same, for a campaign
    "retailer:brand",  # and its color
    "lunar_connect",
    "accounts:rights",
    "accounts:invitation",  # its secret opens it, and only for the invited address
    "healthz",
    "readyz",
}
SIGNED_IN = {  # no id: shows what is one's own
    "homeowner:sites",
    "homeowner:connection",
    "homeowner:delete_account",
    "homeowner:sharing",
    "homeowner:share_search",
}
OWN = {  # address: what its id names, and how the owner may ask
    "homeowner:site": ("site", "get"),
    "homeowner:now": ("site", "get"),
    "homeowner:progress": ("site", "get"),
    "homeowner:telemetry": ("site", "get"),
    "homeowner:telemetry_csv": ("site", "get"),
    "homeowner:telemetry_json": ("site", "get"),
    "homeowner:devices": ("site", "get"),
    "homeowner:settings": ("site", "get"),
    "homeowner:activity": ("site", "get"),
    "homeowner:control": ("site", "get"),
    "homeowner:access_log": ("site", "get"),
    "homeowner:access_log_csv": ("site", "get"),
    "homeowner:share": ("site", "get"),
    "homeowner:request": ("request", "get"),
    "homeowner:consent_end": ("consent", "post"),
    "homeowner:proposals": ("site", "get"),
    "homeowner:proposal": ("proposal", "get"),
    "homeowner:visit": ("site", "get"),
    "homeowner:looking": ("site", "get"),
    "homeowner:leave": ("site", "post"),
    "homeowner:device": ("device", "get"),
    "homeowner:mode": ("device", "get"),
    "homeowner:state": ("device", "get"),
    "homeowner:plan": ("device", "get"),
    "homeowner:details": ("device", "get"),
    "homeowner:sensor_role": ("sensor", "post"),
    "homeowner:change": ("change", "get"),
    "homeowner:loading": ("connection", "get"),
    "homeowner:disconnect": ("connection", "post"),
}
OF_AN_ORGANIZATION = {  # address with an organization's name in it: for its members
    "accounts:organization",
    "accounts:details",
    "accounts:invite",
    "accounts:withdraw_invitation",
    "accounts:role",
    "accounts:remove",
    "accounts:leave",
    "accounts:record",
    "accounts:record_csv",
    "installer:homes",
    "installer:search",
    "installer:homes_csv",
    "installer:open_cases",
    "installer:all_homes",
    "installer:case",
    "installer:case_note",
    "installer:case_snooze",
    "installer:case_wake",
    "installer:case_assign",
    "installer:case_resolve",
    "installer:digest",
    "installer:requests",
    "installer:home",
    "installer:topology",
    "installer:calendar",
    "installer:answer",
    "installer:answer_shown",
    "installer:bundle",
    "retailer:portfolio",
    "retailer:now",
    "retailer:homes",
    "retailer:homes_csv",
    "retailer:homes_xlsx",
    "retailer:keep_view",
    "retailer:view",
    "retailer:delete_view",
    "retailer:group",
    "retailer:delete_group",
    "retailer:campaigns",
    "retailer:campaign_new",
    "retailer:campaign",
    "retailer:campaign_qr",
    "retailer:campaign_end",
    "retailer:reconnect",
    "retailer:reconnect_ask",
    "retailer:report",
    "retailer:report_xlsx",
    "retailer:runs",
    "retailer:run_new",
    "retailer:run",
    "retailer:run_homes",
    "retailer:run_homes_csv",
    "retailer:run_left_csv",
    "retailer:run_start",
    "retailer:run_schedule",
    "retailer:run_check",
    "retailer:run_pause",
    "retailer:run_resume",
    "retailer:run_stop",
    "retailer:run_retry",
    "retailer:run_cancel",
}
ALLAUTH_ANYBODY = {  # allauth's own: signing in and up, and what only leads there
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_email_verification_sent",
    "account_reset_password",
    "account_confirm_login_code",
    "account_reset_password_from_key_done",
    "account_reset_password_from_key",
    "account_reset_password_done",
    "account_request_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",
    "lunar_login",
    "lunar_callback",
    "accounts/social/login/cancelled/",
    "accounts/social/login/error/",
    "accounts/social/signup/",
    "accounts/social/connections/",
    "accounts/3rdparty/",
}
ALLAUTH_SIGNED_IN = {
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "socialaccount_connections",
    "usersessions_list",
}
STAFF = "admin/"
FOUND, HIDDEN, NOT_THIS_WAY = {200, 302, 400, 422}, 404, 405


def addresses(resolver=None, namespace="", before=""):
    """Yield every address of the portal as (name, or its route where it has none; route)."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""), route)
        elif isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else route), route


LISTED = ANYBODY | SIGNED_IN | set(OWN) | OF_AN_ORGANIZATION | ALLAUTH_ANYBODY | ALLAUTH_SIGNED_IN
ROUTES = dict(addresses())


def filled(name, ids):
    """Return the address with an id in it, converters and all."""
    route = ROUTES[name]
    before, mark, rest = route.partition("<")
    return f"/{before}{ids[OWN[name][0]]}{rest.partition('>')[2]}" if mark else f"/{route}"


class TestTheList:
    def test_has_every_address_of_the_portal(self):
        assert {name for name, route in ROUTES.items() if not route.startswith(STAFF)} == LISTED

    def test_has_an_owner_for_every_address_with_an_id(self):
        with_id = {name for name, route in ROUTES.items() if name.startswith("homeowner:") and "<" in route}

        assert with_id - ANYBODY == set(OWN)

    def test_hands_out_each_address_once(self):
        kinds = [ANYBODY, SIGNED_IN, set(OWN), OF_AN_ORGANIZATION, ALLAUTH_ANYBODY, ALLAUTH_SIGNED_IN]

        assert sum(map(len, kinds)) == len(LISTED)


@pytest.fixture
def ids(homeowner, battery, now):
    """One of everything that is the homeowner's."""
    change = control.Change.objects.create(
        device=battery,
        site=homeowner.site,
        actor=homeowner.user,
        kind="mode",
        asked={"mode": "Smart"},
        outcome="confirmed",
        made_at=now,
    )
    organization = people.organization("installer", "RoofWorks")
    request = access.Request.objects.create(
        organization=organization,
        email=homeowner.user.email,
        right="view",
        lasts="day",
        made_at=now,
        expires_at=now + timedelta(days=14),
    )
    consent = people.share(homeowner.site, organization, homeowner.user)
    proposal = control.Proposal.objects.create(
        device=battery,
        site=homeowner.site,
        consent=consent,
        proposer_label="Otto (RoofWorks)",
        kind="mode",
        asked={"mode": "Smart"},
        made_at=now,
        expires_at=now + timedelta(days=1),
    )
    return {
        "request": request.pk,
        "consent": consent.pk,
        "proposal": proposal.pk,
        "site": homeowner.site.synth_id,
        "device": battery.synth_id,
        "sensor": sites.Sensor.objects.filter(site=homeowner.site).first().pk,
        "change": change.pk,
        "connection": homeowner.connection.pk,
    }


NOBODY_S = {
    "request": 999_999_999,
    "consent": 999_999_999,
    "site": "site-00000000-0000-0000-0000-000000000000",
    "device": "00000000-0000-0000-0000-000000000000",
    "sensor": 999_999_999,
    "change": uuid.UUID(int=0),
    "proposal": uuid.UUID(int=0),
    "connection": 999_999_999,
}


def asked(visitor, address):
    return {
        method: getattr(visitor, method)(address).status_code for method in ("get", "post", "put", "delete")
    }


def leads_to_sign_in(page):
    return page.status_code == 302 and page.headers["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("name", OWN)
class TestAPageOfAHome:
    def test_does_not_exist_for_a_neighbor(self, name, ids, neighbor):
        answers = asked(neighbor, filled(name, ids))

        assert answers[OWN[name][1]] == HIDDEN
        assert set(answers.values()) <= {HIDDEN, NOT_THIS_WAY}

    def test_does_not_exist_for_somebody_without_a_home(self, name, ids, stranger):
        assert asked(stranger, filled(name, ids))[OWN[name][1]] == HIDDEN

    def test_tells_nobody_whether_the_id_exists(self, name, ids, neighbor):
        assert asked(neighbor, filled(name, ids)) == asked(neighbor, filled(name, NOBODY_S))

    def test_asks_an_anonymous_visitor_to_sign_in(self, name, ids, visitor):
        page = getattr(visitor, OWN[name][1])(filled(name, ids))

        assert leads_to_sign_in(page)
        assert set(asked(visitor, filled(name, ids)).values()) <= {302, NOT_THIS_WAY}

    def test_exists_for_its_owner(self, name, ids, homeowner):
        page = getattr(homeowner, OWN[name][1])(filled(name, ids))

        assert page.status_code in FOUND and not leads_to_sign_in(page)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(OF_AN_ORGANIZATION))
class TestAPageOfAnOrganization:
    def address(self, name, slug):
        route = ROUTES[name].replace("<slug:slug>", slug).replace("<slug:campaign>", "spring")
        return "/" + route.replace("<int:pk>", "1").replace("<home:synth_id>", NOBODY_S["site"])

    def test_does_not_exist_for_those_who_do_not_work_there(
        self, name, installer, retailer, outsider, homeowner
    ):
        slug = "brightgrid" if name.startswith("retailer:") else "sunfix"
        for somebody in (outsider, homeowner):
            answers = asked(somebody, self.address(name, slug))

            assert set(answers.values()) <= {HIDDEN, NOT_THIS_WAY}
            assert answers == asked(somebody, self.address(name, "nowhere"))

    def test_asks_an_anonymous_visitor_to_sign_in(self, name, installer, visitor):
        assert set(asked(visitor, self.address(name, "sunfix")).values()) <= {302, NOT_THIS_WAY}


@pytest.mark.django_db
class TestAPageWithoutAnId:
    @pytest.mark.parametrize("name", sorted(SIGNED_IN))
    def test_asks_an_anonymous_visitor_to_sign_in(self, name, visitor):
        assert leads_to_sign_in(visitor.get(filled(name, {})))

    @pytest.mark.parametrize("name", sorted(SIGNED_IN))
    def test_shows_nothing_of_a_neighbor_s(self, name, homeowner, battery, neighbor):
        page = neighbor.get(filled(name, {})).content.decode()

        for secret in (
            homeowner.site.synth_id,
            battery.synth_id,
            battery.serial_number,
            homeowner.user.email,
        ):
            assert secret and secret not in page

    @pytest.mark.parametrize("name", sorted(ALLAUTH_SIGNED_IN))
    def test_of_one_s_own_account_asks_to_sign_in(self, name, visitor):
        page = visitor.get("/" + ROUTES[name].replace("<int:pk>", "1"))

        assert page.status_code in {302, NOT_THIS_WAY}

    def test_of_the_operator_asks_for_staff(self, homeowner, visitor):
        assert visitor.get("/admin/").status_code == 302
        assert homeowner.get("/admin/").status_code in {302, 403, 404}
        assert homeowner.get("/admin/sites/site/").status_code in {302, 403, 404}
