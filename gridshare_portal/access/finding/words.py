"""Normalize names, addresses and ids for search: folded, split into words, tolerant of one typing error.

Case, accents, spaces and invisible characters make no difference. Words are runs of letters or of digits.
Two words that differ by one typing error share a spelling with one letter left out, which is what the index
stores, so that no list is scanned.
"""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST = 255  # characters of a value that are indexed: the longest id
SLIPPERY = range(4, 25)  # lengths of a word in which one typing error is tolerated
INSIDE = 3  # least letters of an ending


@functools.lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    """Return a letter without case and accents; empty for invisible characters."""
    plain = unicodedata.normalize("NFKD", letter).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(one for one in plain if unicodedata.category(one)[0] not in "CM")


def fold(text: str) -> str:
    """Return a text's letters folded; one that unfolds into many letters makes it no longer than LONGEST."""
    return "".join(map(fold_letter, text[:LONGEST]))[:LONGEST]


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, in order."""
    kinds = itertools.groupby(fold(text), key=_kind)
    return tuple("".join(letters) for kind, letters in kinds if kind)


def can_slip(word: str) -> bool:
    """Return whether a word is long enough to tolerate a typing error; numbers never are."""
    return len(word) in SLIPPERY and word.isalpha()


def slips(word: str) -> frozenset[str]:
    """Return the word and every spelling of it with one letter left out."""
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def insides(word: str) -> tuple[str, ...]:
    """Return every ending of the word, except the word itself, that is long enough to search for."""
    return tuple(word[at:] for at in range(1, len(word) - INSIDE + 1)) if word.isalpha() else ()


def is_near(one: str, other: str) -> bool:
    """Return whether one letter added, missing, wrong or two letters swapped turn one word into the other."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) - len(short) == 1:
        return short[at:] == long[at + 1 :]
    swapped = short[:at] + short[at + 1 : at + 2] + short[at : at + 1] + short[at + 2 :]
    return len(long) == len(short) and (short[at + 1 :] == long[at + 1 :] or swapped == long)


def marked(text: str, pieces: Iterable[str], *, joined: bool = False) -> tuple[tuple[str, bool], ...]:
    """Split a text into parts, each with whether it is one of the folded search pieces.

    The parts together are the text without invisible characters; templates escape each part. In a joined
    text, which is an id, a piece may span dashes and spaces.
    """
    seen = [letter for letter in text if unicodedata.category(letter)[0] != "C"]
    folded = [(one, at) for at, letter in enumerate(seen) for one in fold_letter(letter) or " "]
    compared = [(one, at) for one, at in folded if _kind(one) or not joined]
    letters = "".join(one for one, _ in compared)
    hits = {
        at
        for piece in filter(None, pieces)
        for first, last in _spans(letters, piece)
        for at in range(compared[first][1], compared[last][1] + 1)
    }
    parts = itertools.groupby(enumerate(seen), key=lambda pair: pair[0] in hits)
    return tuple(("".join(letter for _, letter in part), hit) for hit, part in parts)


def _spans(text: str, piece: str) -> Iterator[tuple[int, int]]:
    start = text.find(piece)
    while start >= 0:
        yield start, start + len(piece) - 1
        start = text.find(piece, start + len(piece))


def _kind(letter: str) -> int:
    return 1 if letter.isalpha() else 2 if letter.isnumeric() else 0
