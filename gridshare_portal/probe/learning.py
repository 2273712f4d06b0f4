"""What all answers together say of a service: every rule, once, and the settings that follow from it."""

from __future__ import annotations

from collections.abc import Iterable

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import Answer, Bucket, buckets, step_of
from gridshare_portal.probe.asking import STEPS, Seen
from gridshare_portal.probe.findings import Finding
from gridshare_portal.probe.rules import buckets as bucket_rules
from gridshare_portal.probe.rules import dialect, limits, measures, names, parameters


def learned(seen: Seen) -> list[Finding]:
    """Return all findings, in the order in which a person would ask."""
    return [
        *dialect.said(_votes(seen)),
        *_ids(seen),
        *names.tree(seen.tree, names.listed(seen.devices, "synthId")),
        *limits.silent(seen.days),
        *_parameters(seen),
        *_buckets(seen),
        *_measures(seen),
        *_limits(seen),
        *(limits.refusal(what, answer) for what, answer in seen.refusals.items()),
    ]


def settings(seen: Seen) -> dict[str, str]:
    """Return the settings to use, by their names in the environment; what is not known is left out."""
    choice = dialect.chosen(_votes(seen))
    found = {} if choice is None else {"GRIDSHARE_DIALECT": choice}
    return found | ({"GRIDSHARE_PARALLEL": "1"} if seen.throttled else {})


def _votes(seen: Seen) -> dialect.Votes:
    spoken = {"start and end": dialect.PUBLISHED, "interval": dialect.LIVE}
    return dialect.votes(
        modes=seen.modes,
        stretches={spoken[word] for word, was in seen.understood.items() if was},
        steps=parameters.steps(seen.plain, seen.steps),
        plan=seen.plan,
        day=seen.day,
    )


def _ids(seen: Seen) -> list[Finding]:
    sensors = [str(node["id"]) for node in names.sensors(seen.tree)]
    return [
        names.form("homes", names.listed(seen.sites, "siteId")),
        names.form("devices", names.listed(seen.devices, "synthId")),
        names.form("sensors", sensors),
    ]


def _parameters(seen: Seen) -> list[Finding]:
    if not seen.tried:
        return []
    return [
        parameters.stretches(seen.stretches, seen.understood),
        parameters.step(parameters.steps(seen.plain, seen.steps), seen.plain),
        parameters.include(seen.default, seen.day),
        parameters.aggregation(seen.default, seen.latest, seen.nonsense),
        parameters.sizes(seen.plain, seen.sizes),
        parameters.unfolded(seen.tree, seen.unfolded),
    ]


def _buckets(seen: Seen) -> list[Finding]:
    days = {name: buckets(answer) for name, answer in seen.days.items()}
    if not seen.tried or not any(days.values()):
        return [
            findings.unknown(
                bucket_rules.SUBJECT, "no_readings", "No sensor gave readings of a finished day."
            )
        ]
    day = days.get(seen.tried) or next(found for found in days.values() if found)
    hours = [buckets(one["PT1H"]) for one in seen.steps.values() if "PT1H" in one]
    longer = next((found for found in hours if step_of(found) != step_of(day)), ())
    recent = {name: buckets(answer) for name, answer in seen.recent.items()}
    return [
        bucket_rules.step(day),
        _offered(seen),
        bucket_rules.alignment(day),
        bucket_rules.stamp(day, longer, start=seen.start, end=seen.end, now=seen.now),
        bucket_rules.complete(day, start=seen.start, end=seen.end),
        bucket_rules.nulls(days.values()),
        *bucket_rules.newest(recent, now=seen.now),
    ]


def _offered(seen: Seen) -> Finding:
    given = {
        step
        for one in seen.steps.values()
        for step, answer in one.items()
        if step_of(buckets(answer)) == STEPS[step] or (step == "P1D" and len(answer.entries) == 1)
    }
    said = ", ".join(step for step in STEPS if step in given) or "none"
    return findings.expected(bucket_rules.SUBJECT, "offered", f"Other steps that are given as asked: {said}.")


def _measures(seen: Seen) -> list[Finding]:
    days = {name: buckets(answer) for name, answer in seen.days.items()}
    compared = {name: measures.compared(found) for name, found in days.items()}
    charged = {name: found for name, found in days.items() if any(one.charge is not None for one in found)}
    told = [
        measures.charge(found, capacity_wh=seen.capacities_wh.get(name)) for name, found in charged.items()
    ]
    return [
        *measures.signs(compared),
        measures.scales(compared, largest_power=_largest(days.values())),
        measures.counter_moment(compared.values()),
        measures.spelled(days.values()),
        measures.falls(days.values()),
        measures.beyond([*days.values(), *map(buckets, seen.recent.values())]),
        *(told or [measures.charge(())]),
    ]


def _largest(days: Iterable[tuple[Bucket, ...]]) -> float:
    return max(
        (
            abs(one.power)
            for found in days
            for one in found
            if one.power is not None and measures.possible(one)
        ),
        default=0.0,
    )


def _limits(seen: Seen) -> list[Finding]:
    lists: dict[str, Answer] = {"Homes": seen.sites, "Devices": seen.devices, "Readings": seen.day}
    told = [limits.paging(lists), *limits.headers(seen.heard)]
    return [*told[:1], limits.spans(seen.spans), *told[1:]] if seen.spans else told
