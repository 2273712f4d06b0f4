"""The first screen of a home: flows, charge, today's energy, and what needs attention.

Everything comes from stored readings; nothing waits for the API. A reading too old to be current is said to
be old, and is not drawn as a flow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from gridshare_portal.accounts import models as accounts
from gridshare_portal.energy import periods
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.home import banners, flow_picture, words
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import structure
from gridshare_portal.telemetry import latest
from gridshare_portal.telemetry import queries as telemetry
from gridshare_portal.telemetry import stored as telemetry_kept
from gridshare_portal.templatetags import energy

CURRENT = ("fresh", "late")
FILLING = ("readings_unasked", "readings_none")  # gaps meanwhile the past is being fetched


def read(site: sites.Site, *, now: datetime) -> telemetry_kept.Kept:
    """Read once what the first screen needs: the home's sensors, its collection, and today's days."""
    return telemetry_kept.read(site).over(_today(site, now))


def context_of(
    kept: telemetry_kept.Kept,
    *,
    batteries: Sequence[sites.Device],
    user: accounts.User,
    look: viewer.Looking | None = None,
    now: datetime,
) -> dict[str, object]:
    """Return the template context of the first screen, for the homeowner or for staff on a visit."""
    site, reading = kept.site, latest.now_of(kept, now=now)
    roles, flows = set(reading.roles), {name: _known(reading, f"{name}_w") for name in flow_picture.FLOWS}
    remainder_w, progress = _known(reading, "remainder_w"), telemetry.progress(kept)
    gap = gap_of(site, reading)
    return {
        "site": site,
        "zone": site.zone,
        "now": now,
        "reading": reading,
        "picture": flow_picture.draw(nodes=_nodes(reading, roles), flows=flows, remainder_w=remainder_w),
        "gap": gap,
        "sentence": _sentence(kept, reading, flows, gap, whose="the home" if look else "your home", now=now),
        "charge": _charge(site, reading, flows, batteries, now) if sites.Role.BATTERY in roles else None,
        "today": telemetry.totals(kept, _today(site, now)) if reading.at else None,
        "banner": banners.for_home(site, reading=reading, gap=gap, user=user, look=look, now=now),
        "progress": None if progress.done or not fills(gap) else progress,
    }


def gap_of(site: sites.Site, reading: latest.Now) -> structure.Gap | None:
    """Return why nothing is known of a home; asked only where nothing is."""
    if reading.roles and reading.at is not None:
        return None
    return structure.gap_of(structure.known_of(site), has_readings=reading.at is not None)


def fills(gap: structure.Gap | None) -> bool:
    """Return whether a home's past is being fetched, as far as anybody knows."""
    return gap is None or gap.word in FILLING


def _today(site: sites.Site, now: datetime) -> periods.Period:
    today = now.astimezone(site.zone).date()
    return periods.whole_days(today, today, site.zone)


def _current(reading: latest.Now) -> bool:
    return reading.freshness in CURRENT


def _known(reading: latest.Now, name: str) -> float | None:
    """Return a power (W) only while the reading is current."""
    return getattr(reading, name) if _current(reading) else None


def _nodes(reading: latest.Now, roles: set[str]) -> dict[str, tuple[float | None, str]]:
    """Return the nodes that this home has: (power in W, what it does)."""
    solar_w, home_w = _known(reading, "solar_w"), _known(reading, "home_w")
    grid = _known(reading, "from_grid_w"), _known(reading, "to_grid_w")
    battery = _known(reading, "charging_w"), _known(reading, "discharging_w")
    nodes = {
        "solar": (solar_w, words.solar_word(solar_w)),
        "grid": (_either(*grid), words.grid_word(*grid)),
        "home": (home_w, "not known" if home_w is None else "using"),
        "battery": (_either(*battery), words.battery_word(*battery)),
    }
    return {name: nodes[name] for name in nodes if name in roles or (name == "home" and roles)}


def _either(one_w: float | None, other_w: float | None) -> float | None:
    return max((power for power in (one_w, other_w) if power is not None), default=None)


def _sentence(
    kept: telemetry_kept.Kept,
    reading: latest.Now,
    flows: dict[str, float | None],
    gap: structure.Gap | None,
    *,
    whose: str,
    now: datetime,
) -> str:
    if gap is not None:
        return gap.text if gap.comes else f"{gap.title}."
    if reading.at is None:
        return "No reading yet."
    if not _current(reading):
        last = energy.moment(reading.at, kept.site.zone, now)
        return f"We do not know what is happening now: the last reading is from {last}."
    sentence = words.happening(
        flows=flows,
        home_w=reading.home_w,
        charging_w=reading.charging_w,
        discharging_w=reading.discharging_w,
        to_grid_w=reading.to_grid_w,
        whose=whose,
    )
    car = f" The car is taking {energy.power(reading.ev_w)} of it." if words.moving(reading.ev_w) else ""
    return sentence + car


def _charge(
    site: sites.Site,
    reading: latest.Now,
    flows: dict[str, float | None],
    batteries: Sequence[sites.Device],
    now: datetime,
) -> dict[str, object]:
    pct = reading.charge_pct
    word = words.battery_word(reading.charging_w, reading.discharging_w) if _current(reading) else "old"
    return {
        "pct": pct,
        "figure": energy.percent(pct).split(energy.THIN + "%")[0],
        "arc": math.floor(min(max(pct or 0, 0), 100)),
        "doing": _doing(word, site, reading, flows, now),
        "outlook": _outlook(site, reading, batteries, now) if _current(reading) else "",
        "glyph": {"charging": "charge", "discharging": "discharge", "resting": "hold"}.get(word, "unknown"),
    }


def _doing(
    word: str, site: sites.Site, reading: latest.Now, flows: dict[str, float | None], now: datetime
) -> str:
    if word == "charging":
        source = words.from_whom(flows, "battery")
        return f"Charging{f' from {source}' if source else ''} at {energy.power(reading.charging_w)}."
    if word == "discharging":
        return f"Discharging at {energy.power(reading.discharging_w)}."
    if word == "resting":
        return "Resting."
    return f"As of {energy.moment(reading.at, site.zone, now)}." if reading.at else "No reading yet."


def _outlook(site: sites.Site, reading: latest.Now, batteries: Sequence[sites.Device], now: datetime) -> str:
    capacities = [device.capacity_wh for device in batteries if device.capacity_wh]
    return words.outlook(
        charge_pct=reading.charge_pct,
        capacity_wh=sum(capacities) if len(capacities) == len(batteries) else None,
        charging_w=reading.charging_w,
        discharging_w=reading.discharging_w,
        at=reading.at or now,
        zone=site.zone,
        now=now,
    )
