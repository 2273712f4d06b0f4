"""A gap in words: what is wrong, the next step, and who must take it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gridshare_portal.installer.diagnosis.gaps import Gap, Kind
from gridshare_portal.templatetags import energy

YOU, HOMEOWNER, LUNAR, US, NOBODY = "You", "The homeowner", "Lunar", "The portal", "Nobody"

TITLES = {  # each with the glyph of a gap that goes on
    Kind.ENDED: ("Connection ended", "bad"),
    Kind.SCOPE_MISSING: ("Permission missing", "bad"),
    Kind.UPSTREAM: ("Lunar does not answer as it should", "attention"),
    Kind.NOT_ASKED: ("Not asked lately", "attention"),
    Kind.SITE_OFFLINE: ("Home offline", "bad"),
    Kind.SENSOR_SILENT: ("Sensor silent", "attention"),
    Kind.LATE: ("Reading late", "info"),
    Kind.NOT_FETCHED: ("Not fetched yet", "info"),
    Kind.RESET: ("Counter began anew", "info"),
    Kind.BEFORE: ("Before history", "info"),
}
WAIT = "Wait. The portal tries again by itself."
RECONNECT = "Ask the homeowner to connect again."
ERRORS = {  # Lunar's failures by our words for them: what happened, what to do, who
    "forbidden": ("says that this home is not this account’s", RECONNECT, HOMEOWNER),
    "not_found": ("does not know it any more", "Ask Lunar’s support what became of it.", YOU),
    "unauthorized": ("does not take our sign-in", RECONNECT, HOMEOWNER),
    "too_many_requests": ("asks us to ask less often", "Wait. The portal slows down by itself.", US),
    "unavailable": ("failed too often and is left alone", WAIT, LUNAR),
    "server_error": ("fails on its side", WAIT, LUNAR),
    "timeout": ("does not answer in time", WAIT, LUNAR),
    "connection_lost": ("cannot be reached", WAIT, LUNAR),
    "not_json": (
        "answers with a web page",
        "Wait. If it lasts a day, send Lunar’s support the case file.",
        LUNAR,
    ),
    "wrong_shape": ("answers in another form than agreed", "Send Lunar’s support the case file.", YOU),
    "truncated": ("breaks off in the middle of an answer", WAIT, LUNAR),
    "transient": ("’s sign-in does not answer", WAIT, LUNAR),
    **dict.fromkeys(
        ("misconfigured", "wrong_route", "fault"),
        ("is asked wrongly by the portal", "Tell whoever runs this portal.", US),
    ),
}
UNKNOWN_ERROR = ("answers “{}”", "Wait an hour. If it lasts, send Lunar’s support the case file.", LUNAR)


@dataclass(frozen=True, kw_only=True)
class Words:
    """A gap as a page shows it."""

    gap: Gap
    title: str
    glyph: str
    why: str
    next_step: str
    who: str
    names: str


def worded(gap: Gap, *, titles: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Words:
    """Return one gap in words; `titles` names sensors by id."""
    names = ", ".join(titles.get(sensor, sensor) for sensor in gap.sensors)
    why, next_step, who = _worded(gap, names, zone, now)
    title, glyph = TITLES[gap.kind]
    glyph = glyph if gap.goes_on else "info"
    return Words(gap=gap, title=title, glyph=glyph, why=why, next_step=next_step, who=who, names=names)


def _worded(gap: Gap, names: str, zone: ZoneInfo, now: datetime) -> tuple[str, str, str]:
    since = energy.moment(gap.since_at or gap.good_until, zone, now)
    if gap.kind is Kind.ENDED:
        return _ended(gap, since)
    if gap.kind is Kind.UPSTREAM:
        return _upstream(gap, names)
    if gap.kind is Kind.NOT_FETCHED:
        done, total = gap.extra.get("done", 0), gap.extra.get("total", 0)
        why = f"The portal is still fetching the past: {done} of {total} days are here."
        return why, "Wait. It goes on by itself.", US
    if gap.kind in (Kind.SITE_OFFLINE, Kind.SENSOR_SILENT) and not gap.goes_on:
        why, next_step, who = PAST
        return why.format(names or "the whole home"), next_step, who
    why, next_step, who = PLAIN[gap.kind]
    return why.format(names=names, since=since), next_step, who


PAST = (
    "Lunar has nothing of {} from then, and says so for good. It was away from power or network.",
    "Nothing, if you know why. If it comes again and again, look at the network there.",
    NOBODY,
)
PLAIN = {
    Kind.SCOPE_MISSING: (
        "The connection to Lunar does not include the permission to see the home and its readings.",
        "Ask the homeowner to add it under “Lunar connection”.",
        HOMEOWNER,
    ),
    Kind.NOT_ASKED: (
        "The portal has not asked Lunar since {since}, although it should every quarter of an hour.",
        "Tell whoever runs this portal, if it does not go on within the hour.",
        US,
    ),
    Kind.SITE_OFFLINE: (
        "Lunar answers, but has heard nothing from the whole home since {since}.",
        "Ask whether power and internet are on at the home, then have the gateway restarted.",
        YOU,
    ),
    Kind.SENSOR_SILENT: (
        "Nothing from {names} since {since}, while the rest of the home speaks.",
        "Check the device behind it: its power, its cable, its breaker.",
        YOU,
    ),
    Kind.LATE: (
        "The newest reading of {names} is not there yet. Most come within ten minutes.",
        "Wait. The portal asks again by itself.",
        NOBODY,
    ),
    Kind.RESET: (
        "The lifetime counter of {names} began anew. The energy of that quarter of an hour is not known.",
        "Nothing, if a device was replaced or restarted. If not, ask its maker.",
        NOBODY,
    ),
    Kind.BEFORE: ("Lunar has no readings of this home from before.", "Nothing.", NOBODY),
}


def _ended(gap: Gap, since: str) -> tuple[str, str, str]:
    if gap.detail == "homeowner":
        why = f"The homeowner disconnected Lunar: {since}."
        return why, "Ask the homeowner whether to connect again.", HOMEOWNER
    why = f"Lunar has ended the connection: {since}."
    return why, "Ask the homeowner to press “Connect again” under “Lunar connection”.", HOMEOWNER


def _upstream(gap: Gap, names: str) -> tuple[str, str, str]:
    word = gap.detail.split(",")[0].strip()
    unknown = (UNKNOWN_ERROR[0].format(word.replace("_", " ")), *UNKNOWN_ERROR[1:])
    what, next_step, who = ERRORS.get(word, unknown)
    about = f" when asked for {names}" if names else ""
    joint = "" if what.startswith("’") else " "
    return f"Lunar{joint}{what}{about}.", next_step, who
