"""Findings: the causes and severities of what can be wrong with a home. Pure.

A finding is what the rules report of one home at one moment; a case is what people make of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models


class Severity(models.IntegerChoices):
    """How bad a finding is, the worst first."""

    NOW = 1, "Act now"
    SOON = 2, "Act soon"
    WATCH = 3, "Watch"

    @property
    def meaning(self) -> str:
        return MEANINGS[self]

    @property
    def glyph(self) -> str:
        """The icon's name; color is never the only sign."""
        return GLYPHS[self]


MEANINGS = {
    Severity.NOW: "Nobody sees or steers the home until somebody acts.",
    Severity.SOON: "A part of the home is dark, or did not do what was asked; today or tomorrow.",
    Severity.WATCH: "It works, but something is off; it may mend itself.",
}
GLYPHS = {Severity.NOW: "bad", Severity.SOON: "attention", Severity.WATCH: "info"}


class Cause(models.TextChoices):
    CONNECTION_ENDED = "connection_ended", "Connection ended"
    SHARING_ENDS = "sharing_ends", "Sharing ends soon"
    SCOPE_MISSING = "scope_missing", "Permission missing"
    REFUSED = "refused", "Lunar refuses our questions"
    SITE_SILENT = "site_silent", "Home silent"
    LATE = "late", "Readings late"
    SENSOR_SILENT = "sensor_silent", "Sensor silent"
    SOLAR_IDLE = "solar_idle", "Solar makes nothing by day"
    BALANCE_OFF = "balance_off", "Energy does not add up"
    CHANGE_CONTRADICTED = "change_contradicted", "Device did otherwise"
    CHANGE_UNCONFIRMED = "change_unconfirmed", "Change not confirmed"


ONCE = frozenset({Cause.CHANGE_CONTRADICTED, Cause.CHANGE_UNCONFIRMED})  # events, not lasting conditions

Key = tuple[str, str]  # a cause, and the sensor or device it is about


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a home at a moment.

    `subject` names the sensor, device or scope, if it is not the whole home. `data` holds the figures (unit
    in the key) from which cases.words makes sentences.
    """

    cause: Cause
    severity: Severity
    since_at: datetime
    subject: str = ""
    data: Mapping[str, str | int | float | None] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What identifies a finding from one examination to the next."""
        return (self.cause.value, self.subject)
