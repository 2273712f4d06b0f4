"""What of a home could be read, what not, and why, in sentences that all pages share.

A page may say that something comes by itself only where it does. Where Lunar refuses, or names nothing,
waiting does not help, and the page says what does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import BigIntegerField

from gridshare_portal import built
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries
from gridshare_portal.sites.reading import topology

TREE, READINGS = "getSiteTopology", "getDeviceTelemetry"
REFUSED, ABSENT, OURS, ODD, PASSING = "refused", "absent", "ours", "odd", "passing"
_HOME = built.Given("home", BigIntegerField())
_CALLS = built.Query(lambda: sites.Call.objects.filter(site=_HOME, operation__in=(TREE, READINGS)))
_SYNCS = built.Query(
    lambda: sites.Sync.objects.filter(
        connection__connection_sites__site=_HOME, connection__connection_sites__lost_at=None
    )
)
CAUSES = {  # of a call that failed, by the name of its error; any other may be over in a minute
    "Forbidden": REFUSED,
    "NotFound": ABSENT,
    "WrongRoute": OURS,
    "Malformed": OURS,
    "Unprocessable": OURS,
    "BadId": OURS,
    "UnexpectedAnswer": ODD,
    "NotJson": ODD,
    "TooLarge": ODD,
    "WrongShape": ODD,
}
CONNECT = "Connect Lunar again. If that does not help, ask Lunar to open this home for you."
ASK_LUNAR = "Ask Lunar: the home may not be set up there yet."
LASTS = "The portal asks again by itself. Tell Lunar if it lasts."
OUR_FAULT = "There is nothing you need to do: those who run the portal have to mend it."
SAY_ROLES = "Say on the page Devices what each one measures."


class Gap(NamedTuple):
    """Why nothing is shown of a home, and the next step; `comes` where it appears by itself."""

    word: str
    title: str
    text: str
    next_step: str = ""
    comes: bool = False


class Note(NamedTuple):
    """Something that is missing beside what is shown; since when, where that is known."""

    text: str
    since_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a home's structure, and how its last calls went; None for one never made."""

    nodes: int = 0
    sensors: int = 0
    measuring: int = 0  # sensors whose role is known
    unread_parts: int = 0
    unread_devices: int = 0  # of the whole Lunar account
    devices_elsewhere: int = 0
    tree_read_at: datetime | None = None
    tree: sites.Call | None = None
    readings: sites.Call | None = None


_OF_TREE = {
    REFUSED: Gap(
        "tree_refused",
        "Lunar does not say what is in this home",
        "Lunar refuses to tell how this home is put together, so nobody here knows what is measured in it.",
        CONNECT,
    ),
    ABSENT: Gap(
        "tree_absent",
        "Lunar knows no parts of this home",
        "Lunar lists this home, and answers that it does not know how it is put together.",
        ASK_LUNAR,
    ),
    OURS: Gap(
        "tree_ours",
        "The portal cannot ask what is in this home",
        "Lunar did not understand how the portal asks what is in this home. That is our fault.",
        OUR_FAULT,
    ),
    ODD: Gap(
        "tree_odd",
        "Lunar’s answer cannot be read",
        "Asked how this home is put together, Lunar answered in a way that the portal cannot read.",
        LASTS,
    ),
    PASSING: Gap(
        "tree_passing",
        "Lunar did not answer",
        "Lunar did not answer when it was asked how this home is put together. The portal goes on asking.",
        comes=True,
    ),
}
_UNASKED = Gap(
    "tree_unasked",
    "Not read yet",
    "Lunar has not been asked yet how this home is put together. It is asked next.",
    comes=True,
)
_ROOTLESS = Gap(
    "tree_rootless",
    "Lunar names no parts of this home",
    "Asked how this home is put together, Lunar answered and named no part of it.",
    ASK_LUNAR,
)
_OF_READINGS = {
    REFUSED: Gap(
        "readings_refused",
        "Lunar gives out no readings",
        "Lunar refuses the readings of this home’s sensors.",
        CONNECT,
    ),
    ABSENT: Gap(
        "readings_absent",
        "Lunar knows no readings",
        "Lunar lists this home’s sensors, and answers that it does not know their readings.",
        ASK_LUNAR,
    ),
    OURS: Gap(
        "readings_ours",
        "The portal cannot ask for readings",
        "Lunar did not understand how the portal asks for the readings of this home. That is our fault.",
        OUR_FAULT,
    ),
    ODD: Gap(
        "readings_odd",
        "Lunar’s readings cannot be read",
        "Asked for the readings of this home, Lunar answered in a way that the portal cannot read.",
        LASTS,
    ),
    PASSING: Gap(
        "readings_passing",
        "Lunar did not answer",
        "Lunar did not answer when it was asked for the readings of this home. The portal goes on asking.",
        comes=True,
    ),
}
_FIRST_READINGS = Gap(
    "readings_unasked", "No readings yet", "The first readings are on their way.", comes=True
)
_NO_READINGS = Gap(
    "readings_none",
    "No readings yet",
    "Lunar answers, and has no readings of this home so far. They appear here as soon as it has.",
    comes=True,
)


def known_of(site: sites.Site, *, among: Iterable[sites.Sensor] | None = None) -> Known:
    """Return what is known of a home, in four queries, or three where its sensors were read and are given."""
    sensors = queries.sensors_in(site) if among is None else among
    calls = {call.operation: call for call in _CALLS.rows(home=site.pk)}
    unread = [row.unread_devices for row in _SYNCS.rows(home=site.pk)]
    shown = topology.devices_in(site.topology, kinds={})
    elsewhere = sites.Device.objects.filter(synth_id__in=shown, gone_at=None).exclude(site=site)
    return replace(
        _of_site(site, [sensor.role for sensor in sensors], calls),
        unread_devices=max(unread, default=0),
        devices_elsewhere=elsewhere.count() if shown else 0,
    )


def gaps_of(site_pks: Collection[int]) -> dict[int, Gap]:
    """Return by its key why each of these homes without readings has none, in three queries for all."""
    homes = sites.Site.objects.only("topology", "topology_read_at").in_bulk(list(site_pks))
    gaps = {pk: gap_of(known, has_readings=False) for pk, known in _known(homes).items()}
    return {pk: gap for pk, gap in gaps.items() if gap is not None}


def _known(homes: Mapping[int, sites.Site]) -> dict[int, Known]:
    """Return what the homes' own rows, sensors and calls tell, in two queries for all."""
    roles: dict[int, list[str]] = {pk: [] for pk in homes}
    sensors = sites.Sensor.objects.filter(site__in=list(homes), gone_at=None)
    for pk, said, found in sensors.values_list("site_id", "role_set", "role_found"):
        roles[pk].append(said or found)
    calls: dict[int, dict[str, sites.Call]] = {pk: {} for pk in homes}
    for call in sites.Call.objects.filter(site__in=list(homes), operation__in=(TREE, READINGS)):
        calls[call.site_id][call.operation] = call
    return {pk: _of_site(site, roles[pk], calls[pk]) for pk, site in homes.items()}


def _of_site(site: sites.Site, roles: Sequence[str], calls: Mapping[str, sites.Call]) -> Known:
    return Known(
        nodes=len(site.topology.get("nodes", ())),
        sensors=len(roles),
        measuring=sum(role != sites.Role.UNKNOWN for role in roles),
        unread_parts=site.topology.get("unread", 0),
        tree_read_at=site.topology_read_at,
        tree=calls.get(TREE),
        readings=calls.get(READINGS),
    )


def gap_of(known: Known, *, has_readings: bool) -> Gap | None:
    """Return why nothing can be shown of a home; None where something can."""
    if not known.sensors:
        return _of_tree(known)
    if not known.measuring:
        parts = _counted(known.sensors, "sensor")
        return Gap(
            "no_roles",
            "Nobody knows what the sensors measure",
            f"Lunar lists {parts} in this home, and nothing says what is measured.",
            SAY_ROLES,
        )
    return None if has_readings else _of_readings(known.readings)


def notes_of(known: Known) -> list[Note]:
    """Return what is missing beside what is shown."""
    return list(_notes(known))


def cause_of(call: sites.Call | None) -> str:
    """Return why a call fails, as a word; "" where it went well or was never made."""
    if call is None or not call.failures:
        return ""
    return CAUSES.get(call.error, PASSING)


def unread_devices(count: int) -> str:
    """Say how many devices of a Lunar account could not be read, and what that means."""
    one = count == 1
    return (
        f"{_counted(count, 'device')} could not be read: Lunar sends no id for {'it' if one else 'them'} "
        f"that can be used. {'It' if one else 'They'} may be of this home, and {'is' if one else 'are'} not "
        "shown."
    )


def unread_sites(count: int) -> str:
    """Say how many homes of a Lunar account could not be read, and what that means."""
    one = count == 1
    return (
        f"{_counted(count, 'home')} of this Lunar account could not be read: Lunar sends no id for "
        f"{'it' if one else 'them'} that can be used. Ask Lunar to look at {'it' if one else 'them'}."
    )


def unread_of(progress: queries.Progress) -> Iterator[str]:
    """Say what of a Lunar account's own lists could not be read."""
    if progress.unread_sites:
        yield unread_sites(progress.unread_sites)
    if progress.unread_devices:
        yield unread_devices(progress.unread_devices)


def _of_tree(known: Known) -> Gap:
    if known.nodes:
        parts = _counted(known.nodes, "part")
        text = f"Lunar lists {parts} of this home, and no sensor among them that can be asked."
        return Gap("no_sensors", "Nothing is measured in this home", text, ASK_LUNAR)
    cause = cause_of(known.tree)
    if cause:
        return _OF_TREE[cause]
    return _UNASKED if known.tree_read_at is None else _ROOTLESS


def _of_readings(call: sites.Call | None) -> Gap:
    cause = cause_of(call)
    if cause:
        return _OF_READINGS[cause]
    return _FIRST_READINGS if call is None else _NO_READINGS


def _notes(known: Known) -> Iterator[Note]:
    if known.unread_devices:
        yield Note(unread_devices(known.unread_devices))
    if known.unread_parts:
        parts, one = _counted(known.unread_parts, "part"), known.unread_parts == 1
        yield Note(
            f"{parts} of this home could not be read: Lunar sends no id for {'it' if one else 'them'} "
            f"that can be used, so {'it' if one else 'they'} cannot be asked for anything."
        )
    if known.devices_elsewhere:
        devices, one = _counted(known.devices_elsewhere, "device"), known.devices_elsewhere == 1
        yield Note(
            f"{devices} of this home’s tree {'stands' if one else 'stand'} in another home too, and can be "
            f"changed only there. What {'its' if one else 'their'} sensors measure counts for both homes."
        )
    cause = cause_of(known.tree)
    if known.nodes and cause and cause != PASSING:
        since_at = known.tree.since_at if known.tree else None
        yield Note(f"{_OF_TREE[cause].text} What is shown here is from before.", since_at)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
