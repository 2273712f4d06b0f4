"""The report as text: findings by subject, what to do about those that differ, and the settings to use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gridshare_portal.probe.advice import ADVICE
from gridshare_portal.probe.findings import Finding, Verdict

MARKS = {Verdict.EXPECTED: "ok", Verdict.DIFFERENT: "!!", Verdict.UNKNOWN: "??"}


def lines(
    found: Sequence[Finding], *, settings: Mapping[str, str], questions: int, now: datetime
) -> Iterator[str]:
    """Yield the report line by line; it holds no id, no name, no reading and no token."""
    yield f"What this Gridshare service does ({questions} questions, all reads, {now:%Y-%m-%d %H:%M} UTC)"
    for subject in dict.fromkeys(finding.subject for finding in found):
        yield ""
        yield subject
        for finding in found:
            if finding.subject == subject:
                yield f"  {MARKS[finding.verdict]}  {finding.sentence} [{finding.word}]"
                if finding.verdict is Verdict.DIFFERENT:
                    yield f"      {ADVICE[finding.word]}"
    yield ""
    yield "Settings to use"
    yield from [f"  {name}={value}" for name, value in settings.items()] or ["  none could be told"]
    yield ""
    yield _summary(found)


def _summary(found: Sequence[Finding]) -> str:
    odd = list(dict.fromkeys(one.word for one in found if one.verdict is Verdict.DIFFERENT))
    if not odd:
        return "Nothing differs from what the portal expects."
    return f"What differs: {', '.join(odd)}. docs/going-live.md says what to do about each."
