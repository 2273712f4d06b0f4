"""The diagnosis page of one home: what is wrong, since when, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names as events
from gridshare_portal.cases import handling, queries
from gridshare_portal.control import models as control
from gridshare_portal.control import queries as changes
from gridshare_portal.installer.diagnosis import gap_facts, gap_words, gaps, names
from gridshare_portal.installer.visiting import Looked
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import structure
from gridshare_portal.telemetry.meaning import words as meaning_words

OF_CONNECTIONS = {
    events.Name.CONNECTED: "The homeowner connected Lunar",
    events.Name.RECONNECTED: "The homeowner connected Lunar again",
    events.Name.CONNECTION_ENDED: "Lunar ended the connection",
    events.Name.CONNECTION_REFUSED: "A connection was refused: the Lunar account is another person’s",
    events.Name.DISCONNECTED: "The homeowner disconnected Lunar",
    events.Name.REFRESH_PAUSED: "Renewing the access was paused",
}
PAST_GAPS, LINES = 12, 12
SECRETS = ("access_sealed", "refresh_sealed")
WELL = "Nothing is missing: every sensor speaks, and Lunar answers."

SensorCoverages = Sequence[tuple[str, gaps.SensorCoverage]]  # each with the sensor's name
ConnectionScopes = tuple[lunar.Connection, list[tuple[scopes.Scope, bool]]]  # each with whether it is granted


class Summary(NamedTuple):
    """What is wrong and what to do, in one sentence each; `next_step` is empty if nothing is."""

    glyph: str
    why: str
    next_step: str = ""
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """A change or a proposal, who made it, and its outcome."""

    at: datetime
    what: str
    who: str
    outcome: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    summary: Summary
    gap: structure.Gap | None
    notes: Sequence[structure.Note]
    gaps: Sequence[gap_words.Words]
    past: Sequence[gap_words.Words]
    sensors: SensorCoverages
    told: Sequence[tuple[str, Sequence[str]]]  # each sensor's name with what is unusual about its readings
    cases: Sequence[queries.WorkListRow]
    calls: Sequence[tuple[str, sites.Call]]
    connections: Sequence[ConnectionScopes]
    history: Sequence[tuple[datetime, str]]
    actions: Sequence[Action]


def diagnose(looked: Looked, *, user: accounts.User) -> Diagnosis:
    """Return the diagnosis of a home, in a constant number of queries."""
    home, titles, found = gaps_of(looked.site, now=looked.now)
    going_on = [one for one in found if one.gap.goes_on]
    opened = cases_of(looked, user=user)
    known = structure.known_of(looked.site)
    gap = structure.gap_of(known, has_readings=True)
    return Diagnosis(
        summary=summary(going_on, opened, gap=gap),
        gap=gap,
        notes=structure.notes_of(known),
        gaps=going_on,
        past=[one for one in found if not one.gap.goes_on][:PAST_GAPS],
        sensors=[(titles[one.synth_id], one) for one in home.sensors],
        told=told_of(looked.site, titles),
        cases=opened,
        calls=calls_of(looked.site),
        connections=_connections(looked),
        history=history_of(looked),
        actions=actions_of(looked),
    )


def gaps_of(
    site: sites.Site, *, now: datetime
) -> tuple[gaps.SiteCoverage, dict[str, str], list[gap_words.Words]]:
    """Return a home's coverage, the names of its sensors by id, and its gaps in words."""
    home, titles = gap_facts.coverage_of(site, now=now), titles_of(site_queries.sensors_of(site))
    found = gaps.gaps(home, now=now)
    return home, titles, [gap_words.worded(gap, titles=titles, zone=site.zone, now=now) for gap in found]


def told_of(site: sites.Site, titles: Mapping[str, str]) -> list[tuple[str, Sequence[str]]]:
    """Return what is unusual about how sensors tell their readings, each with the sensor's name."""
    sensors = list(site_queries.sensors_of(site))
    said = meaning_words.of_sensors(one.pk for one in sensors)
    return [(titles[one.synth_id], said[one.pk]) for one in sensors if one.pk in said]


def titles_of(sensors: Iterable[sites.Sensor]) -> dict[str, str]:
    """Name sensors as shortly as tells them apart, by their ids; where needed with an id."""
    roles = [(one, names.role(one)) for one in sensors]
    often = Counter(role for _one, role in roles)
    called = {one.synth_id: role if often[role] == 1 else names.sensor(one) for one, role in roles}
    often = Counter(called.values())
    ended = [(synth_id, title, synth_id.rpartition("__")[2]) for synth_id, title in called.items()]
    ends = Counter((title, end) for _synth_id, title, end in ended)
    for synth_id, title, end in ended:
        if often[title] > 1:
            called[synth_id] = f"{title} ({end if ends[title, end] == 1 else synth_id})"
    return called


def summary(
    going_on: Sequence[gap_words.Words],
    opened: Sequence[queries.WorkListRow],
    *,
    gap: structure.Gap | None = None,
) -> Summary:
    """Summarize in one sentence: first that nothing can be known, then missing readings, then open cases."""
    if gap is not None and not gap.comes:
        return Summary("attention", gap.text, gap.next_step, gap_words.HOMEOWNER)
    for one in going_on:
        if one.gap.kind is not gaps.Kind.LATE:
            return Summary(one.glyph, one.why, one.next_step, one.who)
    for line in opened:
        return Summary(line.case.level.glyph, line.sentence, line.advice, gap_words.YOU)
    for one in going_on:
        return Summary("info", one.why, one.next_step)
    return Summary("info", gap.text) if gap is not None else Summary("good", WELL)


def cases_of(looked: Looked, *, user: accounts.User) -> list[queries.WorkListRow]:
    mine = handling.visible_to(user, looked.organization, now=looked.now)
    found = mine.filter(site=looked.site, closed_at=None).select_related("site", "assigned_to")
    return queries.lines(found.order_by("rank", "pk")[:LINES], now=looked.now)


def calls_of(site: sites.Site) -> list[tuple[str, sites.Call]]:
    """Return the last API call of each operation, failing ones first, then newest first."""
    kept = sorted(site.calls.all(), key=lambda call: (not call.failures, -call.last_at.timestamp()))
    return [(names.operation(call.operation), call) for call in kept]


def _connections(looked: Looked) -> list[ConnectionScopes]:
    theirs = site_queries.connections_of(looked.site).filter(user__in=looked.givers).defer(*SECRETS)
    return [(one, [(scope, scope.id in one.scope_set) for scope in scopes.SCOPES]) for one in theirs]


def history_of(looked: Looked) -> list[tuple[datetime, str]]:
    """Return the events of the Lunar connections of those who share the home, newest first."""
    found = audit.Event.objects.filter(subject_id__in=looked.givers, name__in=[*OF_CONNECTIONS])
    return [(event.at, _worded(event)) for event in found.order_by("-at", "-pk")[:LINES]]


def _worded(event: audit.Event) -> str:
    """Return a connection event in words; of its details only known scopes."""
    granted = set(event.details.get("scopes") or ())
    titles = [scope.title for scope in scopes.SCOPES if scope.id in granted]
    words = OF_CONNECTIONS[events.Name(event.name)]
    return f"{words}: {', '.join(titles)}." if titles else f"{words}."


def actions_of(looked: Looked) -> list[Action]:
    """Return the newest changes of the home and the organization's own proposals."""
    made = changes.changes_in([looked.site]).select_related("consent")[:LINES]
    ours = control.Proposal.objects.filter(site=looked.site, consent__organization=looked.organization)
    actions = [_change(change, looked) for change in made]
    actions += [_proposal(one) for one in ours.filter(change=None).select_related("device")[:LINES]]
    return sorted(actions, key=lambda action: action.at, reverse=True)[:LINES]


def _change(change: control.Change, looked: Looked) -> Action:
    """Return a change with who made it: staff read the names of their own colleagues only."""
    who = "The homeowner"
    if change.consent is not None:
        mine = change.consent.organization_id == looked.organization.pk
        who = change.actor_label if mine else "Another organization"
    return Action(
        at=change.made_at,
        what=f"{change.get_kind_display()} of {names.device(change.device)}",
        who=who,
        outcome=change.get_outcome_display(),
        sentence=change.sentence,
    )


def _proposal(one: control.Proposal) -> Action:
    return Action(
        at=one.made_at,
        what=f"Proposal: {one.get_kind_display().lower()} of {names.device(one.device)}",
        who=one.proposer_label,
        outcome=one.get_answer_display(),
        sentence=one.reason,
    )
