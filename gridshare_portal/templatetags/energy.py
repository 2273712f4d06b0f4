"""Filters and tags that format numbers and moments for pages.

The one place in Python that knows how many decimals a power gets, that a missing value is a dash, and how a
moment reads in a home's time zone. Signs are never shown: direction is a word beside the number.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, TypeGuard
from zoneinfo import ZoneInfo

from django import template

register = template.Library()

UNKNOWN = "–"
AHEAD_MINUTES = 5
THIN = "\u202f"  # narrow, and never at the end of a line

# Templates hand on what they find: None where nobody knows, and "" for what a context does not have.
Amount: TypeAlias = float | Literal[""] | None
Moment: TypeAlias = datetime | Literal[""] | None


def _is_known(amount: Amount) -> TypeGuard[float]:
    return amount is not None and amount != "" and math.isfinite(amount)


def _digits(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 99.95 else f"{amount:.1f}"


@register.filter
def power(amount_w: Amount) -> str:
    """Format a power in W, from one kilowatt on in kW."""
    if not _is_known(amount_w):
        return UNKNOWN
    size = abs(amount_w)
    if size < 999.5:
        return f"{size:.0f}{THIN}W"
    return f"{_digits(size / 1000)}{THIN}kW"


@register.filter
def energy(amount_wh: Amount) -> str:
    """Format an energy, given in Wh, in kWh."""
    if not _is_known(amount_wh):
        return UNKNOWN
    return f"{_digits(abs(amount_wh) / 1000)}{THIN}kWh"


@register.filter
def kilo(amount: Amount) -> str:
    """Format thousands of a unit named in the column's head, with two decimals."""
    return f"{amount / 1000:,.2f}" if _is_known(amount) else UNKNOWN


@register.filter
def percent(amount_pct: Amount) -> str:
    """Format a share in whole percent; 0 and 100 only when reached."""
    if not _is_known(amount_pct):
        return UNKNOWN
    if 0 < amount_pct < 1:
        return f"under{THIN}1{THIN}%"
    return f"{math.floor(amount_pct) if 99 < amount_pct < 100 else round(amount_pct)}{THIN}%"


@register.filter
def duration(seconds: Amount) -> str:
    """Format seconds in the two largest units that matter."""
    if not _is_known(seconds):
        return UNKNOWN
    minutes = max(0, round(seconds / 60))
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours}{THIN}h" if hours else "")
    if hours:
        return f"{hours}{THIN}h" + (f" {minutes}{THIN}min" if minutes else "")
    return f"{minutes}{THIN}min" if minutes else "less than a minute"


@register.simple_tag
def age(at: Moment, now: datetime) -> str:
    """Format how long ago a moment was; a clock may run a little ahead of another."""
    if not at:
        return "never"
    minutes = int((now - at).total_seconds() // 60)
    if minutes < -AHEAD_MINUTES:
        return "at a moment that has not come yet"
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes}{THIN}min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60}{THIN}h ago"
    return f"{minutes // 1440} days ago"


@register.simple_tag
def moment(at: Moment, zone: ZoneInfo, now: datetime) -> str:
    """Format a moment in a home's time zone: the clock alone today, with the day otherwise."""
    if not at:
        return UNKNOWN
    local, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return clock
    if local.date() == today.date() + timedelta(days=1):
        return f"tomorrow, {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {clock}"


@register.simple_tag
def exact(at: Moment, zone: ZoneInfo) -> str:
    """Format a moment to the second, with the name of its time zone."""
    if not at:
        return UNKNOWN
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S} ({local.tzname()})"
