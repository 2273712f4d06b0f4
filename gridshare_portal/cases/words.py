"""Say a finding in a sentence, and what to do about it. Pure: figures in, words out.

Sentences are made when they are read, from what a case holds, so that moments stand in the home's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridshare_portal.cases.findings import Cause
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
KINDS = {"mode": "mode", "plan": "plan", "details": "details"}
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
    """Say in one sentence what was found."""
    since = energy.moment(since_at, zone, now)
    return SENTENCES[cause](subject, data, since, zone, now)


def advice(cause: str) -> str:
    """Say what to do about it."""
    return ADVICE[cause]


def step(cause: str) -> str:
    """Say in a few words what comes first."""
    return STEPS[cause]


def about(cause: str, subject: str, data: Data) -> str:
    """Name what it is about, in few words; nothing where it is about the whole home."""
    if cause in (Cause.SENSOR_SILENT, Cause.SOLAR_IDLE):
        return f"{ROLES.get(str(data.get('role', 'solar')), 'sensor')} {subject}"
    if cause == Cause.SCOPE_MISSING:
        return subject
    if cause in (Cause.CHANGE_CONTRADICTED, Cause.CHANGE_UNCONFIRMED):
        kind, _colon, device = subject.partition(":")
        return f"{KINDS.get(kind, kind)} of {device}"
    return ""


def _connection_ended(_subject: str, _data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    return f"Lunar has not let us read the home since {since}."


def _sharing_ends(_subject: str, data: Data, _since: str, zone: ZoneInfo, now: datetime) -> str:
    until = energy.moment(datetime.fromisoformat(str(data["until_at"])), zone, now)
    return f"The homeowner shares the home until {until}."


def _scope_missing(subject: str, _data: Data, _since: str, _zone: ZoneInfo, _now: datetime) -> str:
    scope = scopes.find(subject)
    what = scope.title[0].lower() + scope.title[1:] if scope else subject
    return f"The connection does not include this permission: {what}."


def _refused(_subject: str, data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    words = [word.strip() for word in str(data.get("error", "")).split(",") if word.strip()]
    why = "; ".join(ERRORS.get(word, word.replace("_", " ")) for word in words)
    return f"Lunar has answered no question about the home since {since}{f': {why}' if why else ''}."


def _site_silent(_subject: str, _data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    return f"Nothing was heard from the home since {since}, although Lunar answers."


def _late(_subject: str, _data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    return f"Readings come late since {since}."


def _sensor_silent(subject: str, data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    role = ROLES.get(str(data.get("role")), "sensor")
    if data.get("never"):
        return f"The {role} sensor {subject} has never said anything, although the home speaks."
    return f"The {role} sensor {subject} has said nothing since {since}, although the home speaks."


def _solar_idle(subject: str, data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    light = energy.duration(float(data.get("light_s") or 0))
    return f"The solar sensor {subject} says 0 since {since}, through {light} of the home’s usual sun."


def _balance_off(_subject: str, data: Data, _since: str, _zone: ZoneInfo, _now: datetime) -> str:
    day = date.fromisoformat(str(data["day"]))
    lost, through = float(data["remainder_wh"]), float(data["through_wh"])
    more = "went out than came in" if lost < 0 else "came in than is accounted for"
    return (
        f"On {day:%a} {day.day} {day:%b}, {energy.energy(lost)} more {more}: "
        f"{energy.percent(data['off_pct'])} of {energy.energy(through)}."
    )


def _contradicted(subject: str, data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    kind = KINDS.get(str(data.get("kind")), "change")
    return f"The {kind} asked for at {since} was taken, but the device says otherwise."


def _unconfirmed(subject: str, data: Data, since: str, _zone: ZoneInfo, _now: datetime) -> str:
    kind = KINDS.get(str(data.get("kind")), "change")
    return f"The {kind} asked for at {since} was sent, and the device has not confirmed it."


SENTENCES: dict[str, Callable[[str, Data, str, ZoneInfo, datetime], str]] = {
    Cause.CONNECTION_ENDED: _connection_ended,
    Cause.SHARING_ENDS: _sharing_ends,
    Cause.SCOPE_MISSING: _scope_missing,
    Cause.REFUSED: _refused,
    Cause.SITE_SILENT: _site_silent,
    Cause.LATE: _late,
    Cause.SENSOR_SILENT: _sensor_silent,
    Cause.SOLAR_IDLE: _solar_idle,
    Cause.BALANCE_OFF: _balance_off,
    Cause.CHANGE_CONTRADICTED: _contradicted,
    Cause.CHANGE_UNCONFIRMED: _unconfirmed,
}
