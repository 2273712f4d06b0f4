"""Every address of the portal, and what comes of it when each of the cast asks: one character per person.

A new address fails in test_who_may_open_what.py until somebody has thought of all of them.
"""

import re
import uuid

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

METHODS = ("get", "post", "put", "delete")
OPENS, WHY, REFUSED, HIDDEN, SIGN_IN, FACTOR = "Y", "w", "r", "-", "s", "f"

PERSONS = (
    "visitor",  # not signed in
    "stranger",  # signed in, without a home
    "neighbor",  # has homes of his own
    "homeowner",  # whose home it is
    "co_owner",  # lives there too, with a login of her own
    "installer",  # operator, may see and change, has said why
    "installer_admin",  # admin of the same, has not said why
    "viewer",  # viewer of the same, has said why
    "retailer",  # admin of another organization, may see, has said why
    "outsider",  # works where nobody shares the home
    "former",  # worked for the installer until a second ago, and had said why
    "unproven",  # operator of the installer without a second factor
    "late",  # operator where the home was shared until a second ago, and had said why
)
TABLE = {  # one character for each of PERSONS, in their order
    "s--YYYwYY----": (  # a home, as its homeowner sees it
        "get homeowner:activity",
        "get homeowner:change",
        "get homeowner:control",
        "get homeowner:details",
        "post homeowner:details",
        "get homeowner:device",
        "get homeowner:devices",
        "get homeowner:looking",
        "get homeowner:mode",
        "post homeowner:mode",
        "get homeowner:now",
        "get homeowner:plan",
        "post homeowner:plan",
        "get homeowner:progress",
        "get homeowner:proposals",
        "get homeowner:site",
        "get homeowner:state",
        "get homeowner:telemetry",
        "get homeowner:telemetry_csv",
        "get homeowner:telemetry_json",
    ),
    "s--YYrrrr----": (  # what is the homeowner's alone
        "get homeowner:access_log",
        "get homeowner:access_log_csv",
        "post homeowner:sensor_role",
        "get homeowner:settings",
        "post homeowner:settings",
        "get homeowner:share",
    ),
    "s--Y-rrrr----": (  # one's own Lunar account
        "get homeowner:disconnect",
        "post homeowner:disconnect",
        "get homeowner:loading",
    ),
    "s--YYYYYY----": (  # to say why one looks, and to leave
        "post homeowner:leave",
        "get homeowner:visit",
        "post homeowner:visit",
    ),
    "s--YYYwY-----": (  # a proposal, by one organization
        "get homeowner:proposal",
        "post homeowner:proposal",
    ),
    "s--YY--------": (  # to end what was shared
        "post homeowner:consent_end",
    ),
    "s--Y---------": (  # what somebody asked of this address
        "get homeowner:request",
        "post homeowner:request",
    ),
    "s----YwY---f-": (  # a home, as support sees it
        "get installer:answer",
        "post installer:answer",
        "post installer:bundle",
        "get installer:calendar",
        "get installer:home",
        "get installer:topology",
    ),
    "s----Yw----f-": (  # what one asked Lunar oneself
        "get installer:answer_shown",
    ),
    "s----YYY---f-": (  # an organization's own, for all who work there
        "get accounts:leave",
        "post accounts:leave",
        "get accounts:organization",
        "get installer:all_homes",
        "get installer:case",
        "get installer:digest",
        "post installer:digest",
        "get installer:homes",
        "get installer:homes_csv",
        "get installer:open_cases",
        "get installer:search",
    ),
    "s----YYr---f-": (  # … for those who do the work
        "post installer:case_assign",
        "post installer:case_note",
        "post installer:case_resolve",
        "post installer:case_snooze",
        "post installer:case_wake",
        "get installer:requests",
        "post installer:requests",
    ),
    "s----rYr---f-": (  # … for its admins
        "post accounts:details",
        "post accounts:invite",
        "get accounts:record",
        "get accounts:record_csv",
        "get accounts:remove",
        "post accounts:remove",
        "post accounts:role",
        "post accounts:withdraw_invitation",
    ),
    "s-------Y----": (  # a retailer's own
        "get retailer:campaign",
        "post retailer:campaign_end",
        "get retailer:campaign_new",
        "post retailer:campaign_new",
        "get retailer:campaign_qr",
        "get retailer:campaigns",
        "get retailer:reconnect",
        "post retailer:reconnect_ask",
        "get retailer:report",
        "post retailer:report",
        "get retailer:report_xlsx",
        "post retailer:delete_group",
        "post retailer:delete_view",
        "post retailer:group",
        "get retailer:homes",
        "get retailer:homes_csv",
        "get retailer:homes_xlsx",
        "post retailer:keep_view",
        "get retailer:now",
        "get retailer:portfolio",
        "get retailer:view",
        "get retailer:run",
        "post retailer:run_cancel",
        "post retailer:run_check",
        "get retailer:run_homes",
        "get retailer:run_homes_csv",
        "get retailer:run_left_csv",
        "get retailer:run_new",
        "post retailer:run_new",
        "post retailer:run_pause",
        "post retailer:run_resume",
        "post retailer:run_retry",
        "post retailer:run_schedule",
        "post retailer:run_start",
        "post retailer:run_stop",
        "get retailer:runs",
    ),
    "sYYYYYYYYYYYY": (  # one's own, whoever one is
        "get homeowner:connection",
        "get homeowner:delete_account",
        "post homeowner:delete_account",
        "get homeowner:take_away",
        "post homeowner:take_away",
        "get homeowner:share_search",
        "get homeowner:sharing",
        "get homeowner:sites",
    ),
    "YYYYYYYYYYYYY": (  # for everybody
        "get accounts:rights",
        "get healthz",
        "get homeowner:kept",
        "get homeowner:share_link",
        "post homeowner:theme",
        "get homeowner:welcome",
        "get lunar_connect",
        "get readyz",
        "get retailer:brand",
        "get retailer:join",
    ),
    "-------------": (  # a secret that nobody was given
        "get accounts:invitation",
        "post accounts:invitation",
        "get metrics",
    ),
    "sssssssssssss": (  # the way to sign in
        "post homeowner:share_link",
        "post retailer:join",
    ),
}
NOT_KEPT = "no-store"
MAY_BE_KEPT = {  # by a browser, and by whom; of everything else nothing is
    "homeowner:telemetry_json": "private, no-cache",  # asked again each time: what is unchanged is a 304
    "retailer:brand": "public, max-age=300",  # a color
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
    "account_request_reauthentication_code",
    "account_confirm_reauthentication_code",
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
STAFF = "admin/"  # the operators' own, by Django


def addresses(resolver=None, namespace="", before=""):
    """Yield every address of the portal as (name, or its route where it has none; route)."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""), route)
        elif isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else route), route


ROUTES = dict(addresses())
OF_PK = {  # what a number in an address names
    "homeowner:sensor_role": "sensor",
    "homeowner:change": "change",
    "homeowner:proposal": "proposal",
    "homeowner:request": "request",
    "homeowner:consent_end": "consent",
    "homeowner:loading": "connection",
    "homeowner:disconnect": "connection",
    "installer:answer_shown": "answer",
    "accounts:withdraw_invitation": "invitation",
    "accounts:role": "member",
    "accounts:remove": "member",
    "retailer:delete_group": "group",
    "retailer:delete_view": "view",
    "retailer:view": "view",
    "retailer:reconnect_ask": "home",
    **dict.fromkeys([name for name in ROUTES if name.startswith("retailer:run")], "run"),
    **dict.fromkeys(
        [f"installer:case{action}" for action in ("", "_note", "_snooze", "_wake", "_assign", "_resolve")],
        "case",
    ),
}
NOBODY_S = {  # ids that name nothing
    "slug": "nowhere",
    "retailer": "nowhere",
    "site": "site-00000000-0000-0000-0000-000000000000",
    "device": "00000000-0000-0000-0000-000000000000",
    "change": uuid.UUID(int=0),
    "proposal": uuid.UUID(int=0),
    "campaign": "nothing",
    "token": "another-secret-that-nobody-knows",
}
ASKED = {entry: letters for letters, entries in TABLE.items() for entry in entries}
NAMES = sorted({entry.partition(" ")[2] for entry in ASKED})


def nobody_s(ids):
    """Return ids of the same kinds that name nothing."""
    return {kind: NOBODY_S.get(kind, 999_999_999) for kind in ids}


def address(name, ids):
    """Return where the name leads, with these ids in it."""

    def fill(match):
        kind, word = match.groups()
        if kind in ("synth", "home"):
            return str(ids["device" if "devices/<" in ROUTES[name] else "site"])
        if word == "slug" and name.startswith("retailer:"):
            return str(ids["retailer"])
        return str(ids[word] if word != "pk" else ids[OF_PK[name]])

    return "/" + re.sub(r"<(\w+):(\w+)>", fill, ROUTES[name])


def letter(name, method, person):
    """Return what the table says of a person who asks an address this way; None where it says nothing."""
    letters = ASKED.get(f"{method} {name}")
    return letters and letters[PERSONS.index(person)]


def is_closed_to(name, person):
    """Say whether the table hides everything at an address from a person."""
    return {letter(name, method, person) for method in METHODS} <= {HIDDEN, None}
