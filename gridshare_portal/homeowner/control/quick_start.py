"""The quick starts of a plan: one command, by a few choices."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms

from gridshare_portal.control.plans import fields, rules
from gridshare_portal.forms import Once
from gridshare_portal.gridshare import types
from gridshare_portal.sites import clients
from gridshare_portal.sites import models as sites

HOURS = [(str(count), f"{count} hour{'s' if count > 1 else ''}") for count in (1, 2, 3, 4, 6, 8, 12)]


def usual(*, now: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """Return what the quick starts offer at first, by the home's clock, on full hours."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    moments = {"hold_end": 4, "discharge_start": 1, "discharge_end": 3}
    return {
        name: (hour + timedelta(hours=count)).astimezone(zone).replace(tzinfo=None)
        for name, count in moments.items()
    }


class Quick(Once):
    """One of the quick starts: what it needs depends on what it does."""

    quick = forms.ChoiceField(choices=fields.offered)
    hours = forms.ChoiceField(choices=HOURS, required=False, label="For")
    start = fields.Moment(label="From", required=False)
    end = fields.Moment(label="Until", required=False)
    power_limit_w = fields.Watts(label="At most (W)", required=False)

    def plan(self, *, device: sites.Device, now: datetime, zone: ZoneInfo) -> types.Plan | None:
        """Return the plan that was asked for, or None after placing what is wrong with it."""
        if not self.is_valid():
            return None
        rows = [self._row(device, now)]
        words, limit_w = clients.plan_words(), device.power_limit_w
        for fault in rules.faults(rows, now=now, zone=zone, limit_w=limit_w, words=words):
            self.add_error(fault.field if fault.field in self.fields else None, fault.sentence)
        return None if self.errors else rules.plan_of(rows, zone=zone)

    def _row(self, device: sites.Device, now: datetime) -> rules.TypedCommand:
        known = self.cleaned_data
        lasting = timedelta(hours=int(known["hours"])) if known["hours"] else None
        start = known["start"] or now.replace(second=0, microsecond=0)
        end = known["end"] or (start + lasting if lasting and not known["start"] else None)
        power_w = known["power_limit_w"]
        if power_w is None and known["quick"] == "discharge":
            power_w = device.power_limit_w  # some of Lunar's services know no discharge without a power
        return rules.TypedCommand(start=start, end=end, action=known["quick"], power_limit_w=power_w)
