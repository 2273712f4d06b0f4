"""Which names of parameters a service honors: a name is honored when it changes the answer as it should."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import COUNTERS, Answer, buckets, step_of
from gridshare_portal.probe.findings import Finding

SUBJECT = "Parameters"


def stretch(answer: Answer, *, start: datetime, end: datetime) -> bool:
    """Return whether a stretch of time was understood: there are readings, and all lie within it."""
    found = buckets(answer)
    return answer.is_given and bool(found) and start <= found[0].at and found[-1].at <= end


def stretches(answers: Mapping[str, Answer], understood: Mapping[str, bool]) -> Finding:
    """Say in whose words a stretch of time was understood; the keys are the names of parameters."""
    names = [name for name, was in understood.items() if was]
    if not any(answer.entries for answer in answers.values()):
        sentence = "No sensor gave readings, so in which words a time is understood is not known."
        return findings.unknown(SUBJECT, "stretch_unknown", sentence)
    if not names:
        sentence = f"No stretch of time was understood, neither by {' nor by '.join(understood)}."
        return findings.different(SUBJECT, "stretch_ignored", sentence)
    return findings.expected(
        SUBJECT, "stretch", f"A stretch of time is understood by {' and by '.join(names)}."
    )


def steps(plain: Answer, by_name: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    """Return the names under which another step was asked for and given; `plain` asked for none."""
    usual = step_of(buckets(plain))
    return [
        name
        for name, by_step in by_name.items()
        if any(one.entries and step_of(buckets(one)) != usual for one in by_step.values())
    ]


def step(honored: list[str], plain: Answer) -> Finding:
    """Say under which name a step is honored; `plain` are the readings without any."""
    if not plain.entries:
        return findings.unknown(SUBJECT, "step_name_unknown", "Whether a step is honored is not known.")
    if honored:
        return findings.expected(
            SUBJECT, "step_name", f"The step is honored by the name {' and '.join(honored)}."
        )
    return findings.different(SUBJECT, "step_ignored", "No step was honored, neither bucket nor resolution.")


def include(default: Answer, both: Answer) -> Finding:
    """Say whether counters come when they are asked for, and only then."""
    without, with_ = (
        any(name in entry for entry in one.entries for name in COUNTERS) for one in (default, both)
    )
    if with_ and not without:
        return findings.expected(
            SUBJECT, "include", "Counters come with include=default,energy, and only then."
        )
    if with_:
        return findings.expected(SUBJECT, "include_always", "Counters come always; include is not needed.")
    if not both.entries:
        return findings.unknown(
            SUBJECT, "include_unknown", "Whether include is honored is not known: no readings."
        )
    return findings.different(SUBJECT, "include_ignored", "Counters do not come with include=default,energy.")


def aggregation(default: Answer, latest: Answer, nonsense: Answer) -> Finding:
    """Say whether the newest value of a bucket can be asked for; the portal asks for averages."""
    if not default.entries:
        return findings.unknown(
            SUBJECT, "aggregation_unknown", "Whether aggregation is honored is not known."
        )
    if latest.is_given and latest.entries != default.entries:
        return findings.expected(SUBJECT, "aggregation", "aggregation=latest is honored.")
    if nonsense.status is not None and 400 <= nonsense.status < 500:
        return findings.expected(
            SUBJECT, "aggregation", "aggregation is checked, though it changed nothing here."
        )
    return findings.expected(SUBJECT, "aggregation_ignored", "aggregation is ignored.")


def sizes(whole: Answer, by_name: Mapping[str, Answer]) -> Finding:
    """Say which names make an answer shorter, such as limit."""
    honored = [
        name for name, one in by_name.items() if one.is_given and 0 < len(one.entries) < len(whole.entries)
    ]
    if honored:
        return findings.expected(
            SUBJECT, "size", f"Answers can be made shorter by {' and by '.join(honored)}."
        )
    return findings.expected(
        SUBJECT, "size_ignored", f"{', '.join(by_name)}: none of them changes an answer."
    )


def unfolded(folded: Answer, whole: Answer) -> Finding:
    """Say whether compact=false shows more of a home's tree."""
    if not (folded.is_given and whole.is_given):
        return findings.unknown(SUBJECT, "compact_unknown", "Whether compact is honored is not known.")
    if folded.body != whole.body:
        return findings.expected(SUBJECT, "compact", "compact=false changes the tree of a home.")
    return findings.expected(SUBJECT, "compact_ignored", "compact=false changes nothing.")
