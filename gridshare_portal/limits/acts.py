"""How often one may do what: the table of limits, and the addresses of the portal at which they are counted.

An address stands here by its method and name, as in tests/house/pages.py; what stands nowhere is listed with
its reason in tests/house/test_how_often.py. Changes of a device are counted in rows instead (control.quota),
so that every way to them obeys; asking homeowners by organization too (access.requests).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

from gridshare_portal.limits.windows import DAY, HOUR, MINUTE, Window

TEN_MINUTES = timedelta(minutes=10)


class Per(enum.Enum):
    """Whose acts are counted together."""

    PERSON = "the person, or the visitor's address while nobody is signed in"
    ADDRESS = "the visitor's address; of IPv6 the /64 that it lies in"
    MAILBOX = "the e-mail address that was typed, from one visitor's address: nobody can lock out another"
    PLACE = "the person at one home, case or the like"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most so often in each of these windows."""

    per: Per
    windows: tuple[Window, ...]


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that is done; `often` says on a page what there was too much of.

    `keeps` has that page hold what was filled in, so that it can be sent again.
    """

    often: str
    limits: tuple[Limit, ...]
    keeps: bool = True


def _by(per: Per, *windows: tuple[int, timedelta]) -> Limit:
    return Limit(per=per, windows=tuple(Window(most=most, length=length) for most, length in windows))


ACTS = {
    # Each is an e-mail to whoever has the mailbox.
    "code": Act(
        often="A code was asked for many times in a short while.",
        limits=(
            _by(Per.MAILBOX, (3, MINUTE), (10, HOUR)),
            _by(Per.ADDRESS, (30, TEN_MINUTES), (300, DAY)),
        ),
        keeps=False,
    ),
    # A sign-in ends after three wrong ones; this ends trying with many sign-ins side by side.
    "typed code": Act(
        often="Codes were typed many times in a short while.",
        limits=(_by(Per.ADDRESS, (60, TEN_MINUTES)),),
        keeps=False,
    ),
    "prove": Act(
        often="You have asked for codes, or typed them, many times in a short while.",
        limits=(_by(Per.PERSON, (20, TEN_MINUTES)),),
        keeps=False,
    ),
    # Each makes Lunar's login answer, and then its API.
    "connect": Act(
        often="A Lunar account was connected many times in a short while.",
        limits=(_by(Per.ADDRESS, (30, MINUTE), (90, TEN_MINUTES)),),
        keeps=False,
    ),
    "disconnect": Act(
        often="You have disconnected many times in a short while.",
        limits=(_by(Per.PERSON, (10, HOUR)),),
    ),
    "delete account": Act(
        often="Deleting the account was tried many times in a short while.",
        limits=(_by(Per.PERSON, (10, HOUR)),),
    ),
    # A year of readings or a hundred thousand homes are work for the portal, and a lot to take away unseen.
    "export": Act(
        often="You have taken away many files in a short while.",
        limits=(_by(Per.PERSON, (20, TEN_MINUTES), (100, DAY)),),
    ),
    "chart": Act(
        often="A picture was loaded very often in a short while.",
        limits=(_by(Per.PERSON, (300, TEN_MINUTES)),),
    ),
    # The list follows what is typed, letter by letter.
    "search": Act(
        often="You have searched very often in a short while.",
        limits=(_by(Per.PERSON, (90, MINUTE), (1_000, HOUR)),),
    ),
    "share": Act(
        often="You have shared many times in a short while.",
        limits=(_by(Per.PERSON, (30, HOUR)),),
    ),
    "join": Act(
        often="This page was used many times in a short while.",
        limits=(_by(Per.ADDRESS, (60, TEN_MINUTES)),),
    ),
    # Each is an e-mail to somebody who may never have heard of the portal.
    "ask homeowners": Act(
        often="You have asked many homeowners in a short while.",
        limits=(_by(Per.PERSON, (30, HOUR)),),
    ),
    "invite": Act(
        often="You have invited many people in a short while.",
        limits=(_by(Per.PERSON, (20, HOUR), (50, DAY)),),
    ),
    "remind": Act(
        often="You have sent many reminders in a short while.",
        limits=(_by(Per.PERSON, (120, HOUR)),),
    ),
    "answer of Lunar": Act(
        often="You have asked Lunar many times in a short while.",
        limits=(_by(Per.PERSON, (60, HOUR)), _by(Per.PLACE, (20, HOUR))),
    ),
    "run": Act(
        often="You have worked on runs very often in a short while.",
        limits=(_by(Per.PERSON, (60, HOUR)),),
    ),
    "form": Act(
        often="You have sent very many forms in a short while.",
        limits=(_by(Per.PERSON, (200, TEN_MINUTES)),),
    ),
}

ADDRESSES = {
    "post account_login": "code",
    "post account_request_login_code": "code",
    "post account_signup": "code",
    "post account_email_verification_sent": "typed code",
    "post account_confirm_login_code": "typed code",
    "post account_email": "code",
    "post account_request_reauthentication_code": "prove",
    "post account_confirm_reauthentication_code": "prove",
    "post mfa_authenticate": "typed code",
    "post lunar_login": "connect",
    "get lunar_callback": "connect",
    "post socialaccount_signup": "connect",
    "post socialaccount_connections": "form",
    "post mfa_activate_totp": "form",
    "post mfa_deactivate_totp": "form",
    "post mfa_generate_recovery_codes": "form",
    "post mfa_add_webauthn": "form",
    "post mfa_edit_webauthn": "form",
    "post mfa_remove_webauthn": "form",
    "get mfa_download_recovery_codes": "export",
    "post usersessions_list": "form",
    "post homeowner:disconnect": "disconnect",
    "post homeowner:delete_account": "delete account",
    "post homeowner:take_away": "export",
    "get homeowner:telemetry_csv": "export",
    "get homeowner:access_log_csv": "export",
    "get homeowner:telemetry_json": "chart",
    "get homeowner:share_search": "search",
    "get homeowner:sharing": "search",
    "post homeowner:share": "share",
    "post homeowner:request": "share",
    "post homeowner:share_link": "join",
    "post homeowner:mode": "form",
    "post homeowner:plan": "form",
    "post homeowner:details": "form",
    "post homeowner:proposal": "form",
    "post homeowner:sensor_role": "form",
    "post homeowner:settings": "form",
    "post homeowner:visit": "form",
    "get installer:homes_csv": "export",
    "post installer:bundle": "export",
    "get installer:search": "search",
    "post installer:answer": "answer of Lunar",
    "post installer:requests": "ask homeowners",
    "post installer:digest": "form",
    "post installer:case_assign": "form",
    "post installer:case_note": "form",
    "post installer:case_resolve": "form",
    "post installer:case_snooze": "form",
    "post installer:case_wake": "form",
    "get accounts:record_csv": "export",
    "post accounts:invite": "invite",
    "post accounts:invitation": "join",
    "post accounts:details": "form",
    "post accounts:leave": "form",
    "post accounts:remove": "form",
    "post accounts:role": "form",
    "post accounts:withdraw_invitation": "form",
    "post retailer:join": "join",
    "get retailer:homes_csv": "export",
    "get retailer:homes_xlsx": "export",
    "get retailer:report_xlsx": "export",
    "get retailer:run_homes_csv": "export",
    "get retailer:run_left_csv": "export",
    "get retailer:campaign_qr": "chart",
    "post retailer:reconnect_ask": "remind",
    "post retailer:run_new": "run",
    "post retailer:run_check": "run",
    "post retailer:run_start": "run",
    "post retailer:run_schedule": "run",
    "post retailer:run_resume": "run",
    "post retailer:run_retry": "run",
    "post retailer:campaign_new": "form",
    "post retailer:campaign_end": "form",
    "post retailer:report": "form",
    "post retailer:group": "form",
    "post retailer:delete_group": "form",
    "post retailer:keep_view": "form",
    "post retailer:delete_view": "form",
}
