"""A plan to propose, and what the homeowner reads of a proposal."""

from datetime import timedelta

from gridshare_portal.audit import queries as record
from gridshare_portal.control import operations
from gridshare_portal.gridshare import types

A_SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def told(site):
    named = ("change_proposed", "proposal_")
    events = record.events_of_site(site.synth_id)
    return [event for event in events if event.name.startswith(named)][::-1]


def plan_from(start, *, lasting=HOUR):
    command = types.Command(start=start, end=start + lasting, action="charge", power_limit_w=None)
    return operations.AskPlan(plan=types.Plan(commands=(command,)))
