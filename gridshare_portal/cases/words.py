"""Sentences about findings, and advice. Pure: figures in, words out.

Sentences are made when they are read, from the data of a case, so that moments are in the home's local time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridshare_portal.cases.findings import Cause
from gridshare_portal.cases.models import Case
from gridshare_portal.lunar import scopes
from gridshare_portal.templatetags import energy

Data = Mapping[str, Any]

ROLES = {
    "grid": "grid meter",
    "battery": "battery",
    "solar": "solar",
    "ev": "electric car",
    "relay": "switched load",
    "home": "home meter",
}
ERRORS = {
    "forbidden": "it does not permit the question",
    "unauthorized": "it does not accept our sign-in",
    "not_found": "it does not know the home any more",
    "unprocessable": "it does not take the question",
    "malformed": "it does not understand the question",
    "timeout": "it does not answer in time",
    "connection_lost": "it breaks off",
    "unavailable": "it asks to be left alone",
    "server_error": "something fails on its side",
    "too_many_requests": "we asked too often",
    "transient": "its sign-in does not answer",
    "wrong_shape": "its answer cannot be read",
    "not_json": "its answer cannot be read",
    "truncated": "its answer ends in the middle",
}

ADVICE: dict[str, str] = {
    Cause.CONNECTION_ENDED: "Only the homeowner can renew it: “Lunar connection”, “Connect again”. "
    "Write or call; the portal has told them once by e-mail.",
    Cause.SHARING_ENDS: "If work is left, ask the homeowner to share the home again.",
    Cause.SCOPE_MISSING: "Ask the homeowner to add the permission under “Lunar connection”. "
    "Nothing else has to be done again.",
    Cause.REFUSED: "Look at the last calls on the page of the home. If other homes are read, "
    "ask the homeowner to connect again; if not, wait.",
    Cause.SITE_SILENT: "Ask whether power and internet are on at the home, and whether the gateway is lit.",
    Cause.LATE: "Wait an hour. If it lasts, look at the internet connection of the home.",
    Cause.SENSOR_SILENT: "Look at the health tree of the home. Check the sensor’s cable and its breaker.",
    Cause.SOLAR_IDLE: "Ask whether the inverter is on and what its display says. "
    "Check the isolator and the breaker.",
    Cause.BALANCE_OFF: "Look at the roles of the sensors: one may measure something else than "
    "it is taken for, or be turned around.",
    Cause.CHANGE_CONTRADICTED: "Read the receipt, look at what the device does now, and ask for the change "
    "again if it is still wanted.",
    Cause.CHANGE_UNCONFIRMED: "Look at what the device does now. The change was sent once and is not sent "
    "again by itself.",
}


STEPS: dict[str, str] = {
    Cause.CONNECTION_ENDED: "Ask the homeowner to connect again",
    Cause.SHARING_ENDS: "Ask to share again, if work is left",
    Cause.SCOPE_MISSING: "Ask for the permission",
    Cause.REFUSED: "Look at the last calls",
    Cause.SITE_SILENT: "Ask about power and internet",
    Cause.LATE: "Wait, then ask about internet",
    Cause.SENSOR_SILENT: "Check its cable and breaker",
    Cause.SOLAR_IDLE: "Ask what the inverter shows",
    Cause.BALANCE_OFF: "Look at the roles of the sensors",
    Cause.CHANGE_CONTRADICTED: "Read the receipt, ask again",
    Cause.CHANGE_UNCONFIRMED: "Look at what the device does",
}


def sentence(
    cause: str, subject: str, data: Data, *, since_at: datetime, zone: ZoneInfo, now: datetime
) -> str:
    """Return in one sentence what was found."""
    since, kind = energy.moment(since_at, zone, now), data.get("kind", "change")
    match cause:
        case Cause.CONNECTION_ENDED:
            return f"Lunar has not let us read the home since {since}."
        case Cause.SHARING_ENDS:
            until = energy.moment(datetime.fromisoformat(str(data["until_at"])), zone, now)
            return f"The homeowner shares the home until {until}."
        case Cause.SCOPE_MISSING:
            scope = scopes.find(subject)
            what = scope.title[0].lower() + scope.title[1:] if scope else subject
            return f"The connection does not include this permission: {what}."
        case Cause.REFUSED:
            said = [word.strip() for word in str(data.get("error", "")).split(",") if word.strip()]
            why = "; ".join(ERRORS.get(word, word.replace("_", " ")) for word in said)
            return f"Lunar has answered no question about the home since {since}{f': {why}' if why else ''}."
        case Cause.SITE_SILENT:
            return f"Nothing was heard from the home since {since}, although Lunar answers."
        case Cause.LATE:
            return f"Readings come late since {since}."
        case Cause.SENSOR_SILENT:
            silent = "has never said anything" if data.get("never") else f"has said nothing since {since}"
            role = ROLES.get(str(data.get("role")), "sensor")
            return f"The {role} sensor {subject} {silent}, although the home speaks."
        case Cause.SOLAR_IDLE:
            light = energy.duration(float(data.get("light_s") or 0))
            return (
                f"The solar sensor {subject} says 0 since {since}, through {light} of the home’s usual sun."
            )
        case Cause.BALANCE_OFF:
            return _balance_off(data)
        case Cause.CHANGE_CONTRADICTED:
            return (
                f"The {kind} asked for at {since} was sent, but the device went on reporting something else."
            )
        case Cause.CHANGE_UNCONFIRMED:
            return f"The {kind} asked for at {since} was sent, and the device has not confirmed it."
    raise ValueError(f"no sentence for the cause {cause}")


def of_case(case: Case, *, now: datetime) -> str:
    """Return the sentence of a case, with moments in its home's local time."""
    about = (case.cause, case.subject, case.data)
    return sentence(*about, since_at=case.since_at, zone=case.site.zone, now=now)


def about(cause: str, subject: str, data: Data) -> str:
    """Return the sensor, scope or device that a finding is about; "" for the whole home."""
    if cause in (Cause.SENSOR_SILENT, Cause.SOLAR_IDLE):
        return f"{ROLES.get(str(data.get('role', 'solar')), 'sensor')} {subject}"
    if cause == Cause.SCOPE_MISSING:
        return subject
    if cause in (Cause.CHANGE_CONTRADICTED, Cause.CHANGE_UNCONFIRMED):
        kind, _colon, device = subject.partition(":")
        return f"{kind} of {device}"
    return ""


def _balance_off(data: Data) -> str:
    day = date.fromisoformat(str(data["day"]))
    lost, through = float(data["remainder_wh"]), float(data["through_wh"])
    more = "went out than came in" if lost < 0 else "came in than is accounted for"
    return (
        f"On {day:%a} {day.day} {day:%b}, {energy.energy(lost)} more {more}: "
        f"{energy.percent(data['off_pct'])} of {energy.energy(through)}."
    )
