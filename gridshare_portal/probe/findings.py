"""Findings: what was learned of a service, each with a word for programs and a sentence for people.

A sentence is made of the portal's own words and of numbers. What the service wrote never gets into it, except
through `known`, which lets pass words that are in a list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    EXPECTED = "as expected"
    DIFFERENT = "different"
    UNKNOWN = "not known"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was learned about a subject; `word` names it in the table of docs/going-live.md."""

    subject: str
    word: str
    sentence: str
    verdict: Verdict


def expected(subject: str, word: str, sentence: str) -> Finding:
    return Finding(subject=subject, word=word, sentence=sentence, verdict=Verdict.EXPECTED)


def different(subject: str, word: str, sentence: str) -> Finding:
    return Finding(subject=subject, word=word, sentence=sentence, verdict=Verdict.DIFFERENT)


def unknown(subject: str, word: str, sentence: str) -> Finding:
    return Finding(subject=subject, word=word, sentence=sentence, verdict=Verdict.UNKNOWN)


def known(words: Iterable[object], allowed: Collection[str]) -> list[str]:
    """Return the words that are in the list, once and in order, and how many others there are."""
    found = {word for word in words if isinstance(word, str)}
    others = len(found - set(allowed))
    return [*sorted(found & set(allowed)), *([f"{others} unknown"] if others else [])]
