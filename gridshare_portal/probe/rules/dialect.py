"""Which of the two dialects a service speaks: each sign of it is a vote, and votes that disagree are said.

`published` is the contract, `live` what the vendor's own pages tell (see `gridshare.wire`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import Answer
from gridshare_portal.probe.findings import Finding

PUBLISHED, LIVE = "published", "live"
DIALECTS = (PUBLISHED, LIVE)
MODES = ("Simple", "Schedule", "Smart", "Unknown")
SUBJECT = "Dialect"
_CHARGE = {"stateOfCharge_pct": PUBLISHED, "soc_percent": LIVE}
_STEPS = {"bucket": PUBLISHED, "resolution": LIVE}


@dataclass(frozen=True, kw_only=True)
class Votes:
    """What speaks for a dialect: None where a sign was not to be seen, or speaks for both or neither.

    The first three are what a request needs to be understood; the others are read in either form anyway.
    """

    stretch: str | None = None
    step: str | None = None
    mode_path: str | None = None
    mode_case: str | None = None
    charge: str | None = None
    plan: str | None = None

    @property
    def needed(self) -> list[str]:
        return [vote for vote in (self.stretch, self.step, self.mode_path) if vote]

    @property
    def seen(self) -> list[str]:
        return [*self.needed, *(vote for vote in (self.mode_case, self.charge, self.plan) if vote)]


def votes(
    *,
    modes: Mapping[str, Answer],
    stretches: Collection[str],
    steps: Collection[str],
    plan: Answer,
    day: Answer,
) -> Votes:
    """Collect what speaks for which dialect.

    `modes` are the answers to the mode's path as each dialect spells it; `stretches` are the dialects in
    whose words a stretch of time was understood, `steps` the names of the step that were honored.
    """
    heard = [dialect for dialect in DIALECTS if dialect in modes and modes[dialect].is_given]
    return Votes(
        stretch=_only(stretches),
        step=_only({_STEPS[name] for name in steps if name in _STEPS}),
        mode_path=_only(heard),
        mode_case=_case([modes[dialect] for dialect in heard]),
        charge=_only({_CHARGE[name] for entry in day.entries for name in entry if name in _CHARGE}),
        plan=_plan(plan),
    )


def chosen(found: Votes) -> str | None:
    """Return the dialect to set: the one that requests need, else the one that answers are in."""
    for seen in (found.needed, found.seen):
        if seen:
            live, published = seen.count(LIVE), seen.count(PUBLISHED)
            if live != published:
                return LIVE if live > published else PUBLISHED
    return found.stretch


def said(found: Votes) -> list[Finding]:
    """Say which dialect it is, and what does not fit."""
    choice = chosen(found)
    if choice is None:
        sentence = (
            "Nothing showed which dialect the service speaks: no telemetry in either, no operation mode."
        )
        return [findings.unknown(SUBJECT, "dialect_unknown", sentence)]
    first = findings.expected(SUBJECT, f"dialect_{choice}", f"The service speaks the {choice} dialect.")
    names = {
        "stretch": "the stretch of time", "step": "the step", "mode_path": "the path of the operation mode",
        "mode_case": "the case of modes", "charge": "the name of the charge", "plan": "the form of plans",
    }  # fmt: skip
    other = [words for name, words in names.items() if getattr(found, name) not in (None, choice)]
    if not other:
        return [first]
    needed = any(vote != choice for vote in found.needed)
    word, tell = (
        ("dialect_mixed", findings.different) if needed else ("dialect_mixed_answers", findings.expected)
    )
    sentence = (
        f"Not all is {choice}: {', '.join(other)} {'is' if len(other) == 1 else 'are'} the other dialect's."
    )
    return [first, tell(SUBJECT, word, sentence)]


def _only(found: Collection[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _case(answers: list[Answer]) -> str | None:
    words = {word for answer in answers if isinstance(word := answer.fields.get("mode"), str)}
    if words and words <= set(MODES):
        return PUBLISHED
    return LIVE if words and words <= {word.lower() for word in MODES} else None


def _plan(plan: Answer) -> str | None:
    if not plan.is_given:
        return None
    listed = plan.fields.get("commands")
    names = (
        {name for one in listed if isinstance(one, dict) for name in one}
        if isinstance(listed, list)
        else set()
    )
    if "durationMinutes" in names or "startTime" in plan.fields:
        return LIVE
    return PUBLISHED if {"start", "end"} <= names else None
