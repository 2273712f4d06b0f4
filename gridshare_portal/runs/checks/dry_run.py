"""The dry run: checks homes in batches by what is stored; nothing is sent or read from Lunar.

A batch costs the same few queries however many homes it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.control import models, operations, outcomes
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import transitions
from gridshare_portal.runs.checks import eligibility, local_plans
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries

BATCH = 500
R, S = runs.Run.State, runs.Line.State
WRITTEN = ("device", "state", "why", "sentence", "asked")

Paths = list[tuple[frozenset[str], datetime | None]]  # each connection's scopes, and when it last read


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is stored of a batch: by home, by (home, giver) or by battery."""

    consents: Mapping[int, access.Consent]  # the one that allows most, which control.changes will use
    connection_sites: Mapping[tuple[int, int], Paths]
    batteries: Mapping[int, list[sites.Device]]
    states: Mapping[int, models.State]
    changing: frozenset[int]
    our_plans: Mapping[int, types.Plan]


def check(*, run: runs.Run, now: datetime) -> bool:
    """Check the next batch of a draft's lines, after `read_to`; return whether there are more."""
    read_to = runs.Run.objects.values_list("read_to", flat=True).get(pk=run.pk)
    beyond = run.lines.filter(position__gt=read_to).order_by("position")
    batch = list(beyond.select_related("site", "undoes")[:BATCH])
    known = _known(run, batch, now)
    for line in batch:
        _judge(run, line, known, now)
    with transaction.atomic():
        # A dry run that another one overtook writes nothing: the run may have been started.
        undecided = runs.Run.objects.select_for_update().filter(pk=run.pk, state=R.DRAFT, read_to=read_to)
        if not undecided.exists():
            return False
        runs.Line.objects.bulk_update(batch, WRITTEN)
        if batch:
            runs.Run.objects.filter(pk=run.pk).update(read_to=batch[-1].position)
        if len(batch) == BATCH:
            return True
        return not transitions.move(
            run=run, action="checked", after=[R.DRAFT], actor=None, now=now, state=R.CHECKED, checked_at=now
        )


def our_plans(device_pks: Iterable[int], organization_id: int, *, now: datetime) -> dict[int, types.Plan]:
    """Return, by device key, the plan that the organization itself set last, if it may still run."""
    sent = models.Change.objects.filter(
        device__in=list(device_pks),
        kind=operations.AskPlan.kind,
        consent__organization=organization_id,
        sent_at__gte=now - rules.AHEAD_AT_MOST - rules.LONGEST,
        outcome__in=[outcomes.CONFIRMED, outcomes.UNCONFIRMED, outcomes.CONTRADICTED],
    )
    in_order = sent.order_by("sent_at").values_list("device_id", "asked")
    return {device_pk: rules.from_json(asked) for device_pk, asked in in_order}


def _known(run: runs.Run, batch: list[runs.Line], now: datetime) -> _Known:
    site_pks = [line.site_id for line in batch]
    batteries = site_queries.battery_devices_in(site_pks)
    device_pks = [device.pk for devices in batteries.values() for device in devices]
    consents = policy.holding(now=now).filter(organization=run.organization_id, site__in=site_pks)
    open_changes = models.Change.objects.filter(device__in=device_pks, outcome=outcomes.OPEN)
    return _Known(
        consents={one.site_id: one for one in sorted(consents, key=policy.furthest, reverse=True)},
        connection_sites=_connection_sites(site_pks),
        batteries=batteries,
        states={state.device_id: state for state in models.State.objects.filter(device__in=device_pks)},
        changing=frozenset(open_changes.values_list("device_id", flat=True)),
        our_plans=our_plans(device_pks, run.organization_id, now=now),
    )


def _connection_sites(site_pks: list[int]) -> dict[tuple[int, int], Paths]:
    there = sites.ConnectionSite.objects.filter(site__in=site_pks, lost_at=None, connection__status="active")
    wanted = ("site_id", "connection__user_id", "connection__scopes", "connection__last_read_at")
    found: dict[tuple[int, int], Paths] = defaultdict(list)
    for site_pk, user_pk, scopes, read_at in there.values_list(*wanted):
        found[site_pk, user_pk].append((frozenset(scopes.split()), read_at))
    return found


def _judge(run: runs.Run, line: runs.Line, known: _Known, now: datetime) -> None:
    batteries = known.batteries.get(line.site_id, [])
    device = batteries[0] if len(batteries) == 1 else None
    operation, fault = _operation(run, line, device, now)
    facts = _facts(line, device, known, fault)
    if line.undoes is None:
        verdict = eligibility.verdict_of(facts, operation, now=now)
    else:
        before = rules.from_json(line.undoes.before) if line.undoes.before else None
        verdict = eligibility.of_cancel(facts, operation, before=before, now=now)
    line.device = device
    line.state = S.WAITING if verdict.is_eligible else S.SKIPPED
    line.why, line.sentence = verdict.why, verdict.sentence[:300]
    line.asked = operation.to_json()


def _facts(line: runs.Line, device: sites.Device | None, known: _Known, fault: str) -> eligibility.Facts:
    consent = known.consents.get(line.site_id)
    paths = known.connection_sites.get((line.site_id, consent.given_by_id), []) if consent else []
    state = known.states.get(device.pk) if device else None
    ours = line.undoes.asked if line.undoes else None
    return eligibility.Facts(
        right=consent.right if consent else "",
        ask_first=bool(consent and consent.ask_first),
        is_connected=bool(paths),
        scopes=max((scopes for scopes, _ in paths), key=len, default=frozenset()),
        batteries=len(known.batteries.get(line.site_id, [])),
        read_at=max((read_at for _, read_at in paths if read_at), default=None),
        mode=state.mode if state else "",
        mode_read_at=state.mode_read_at if state else None,
        plan=rules.from_json(state.plan) if state and state.plan is not None else None,
        plan_read_at=state.plan_read_at if state else None,
        our_plan=rules.from_json(ours) if ours else known.our_plans.get(device.pk) if device else None,
        is_changing=bool(device and device.pk in known.changing),
        fault=fault,
    )


def _operation(
    run: runs.Run, line: runs.Line, device: sites.Device | None, now: datetime
) -> tuple[operations.Ask, str]:
    """Return the operation on this home, and what is wrong with it there."""
    if line.undoes is not None:
        before = rules.from_json(line.undoes.before) if line.undoes.before else rules.NO_PLAN
        return operations.AskPlan(plan=rules.rest_of(before, now=now)), ""
    if run.kind == runs.Run.Kind.MODE:
        return operations.from_json(run.kind, run.asked), ""
    limit_w = device.power_limit_w if device else None
    if run.times == runs.Run.Times.ABSOLUTE:
        plan = rules.from_json(run.asked)
        return operations.AskPlan(plan=plan), rules.fault_of(plan, now=now, limit_w=limit_w)
    rows = local_plans.from_json(run.asked)
    local, fault = local_plans.plan_for(rows, zone=line.site.zone, now=now, limit_w=limit_w)
    return operations.AskPlan(plan=local or rules.NO_PLAN), fault
