"""Bounded lookups in the search index of one organization, among consents that hold.

Every query uses an index prefix or whole keys and is limited, so that its time does not grow with the
number of homes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from gridshare_portal.access import models, policy
from gridshare_portal.access.finding import entries, words
from gridshare_portal.accounts import models as accounts

FETCHED = 60  # one home may stand under several keys
FIRST = 1000  # homes of the rarest word that are looked at for the other words
ALTERNATIVES, SLIPS = 12, 200
MOST_WORDS = 100  # that contain a part of a name
Place, How = models.Entry.Place, models.Word.How


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A home found by one key; `pieces` are the parts of its value to highlight."""

    site_pk: int
    consent_pk: int
    key: entries.Key
    pieces: tuple[str, ...]
    is_similar: bool = False


@dataclass(frozen=True, kw_only=True)
class Index:
    """The keys of one organization whose consents hold at `now`."""

    organization: accounts.Organization
    now: datetime

    def hits(self, place: int, condition: Q, *, pieces: Sequence[str], ordered: bool = True) -> list[Hit]:
        """Return the homes found under keys of a kind that match the condition, in key order."""
        rows = self._keys(place).filter(condition)
        return self._holding(rows.order_by("key", "consent_id") if ordered else rows, pieces)

    def all_of(self, conditions: list[Q], *, pieces: Sequence[str], ordered: bool = True) -> list[Hit]:
        """Return the homes whose words match all conditions."""
        if len(conditions) == 1:
            return self.hits(Place.WORD, conditions[0], pieces=pieces, ordered=ordered)
        rarest, left = self._with_all(conditions)
        return self._holding(_words_of(left).filter(rarest), pieces) if left else []

    def _with_all(self, conditions: list[Q]) -> tuple[Q, set[int]]:
        """Return the rarest condition, and the consents that have matching words for all of them.

        Rare words are intersected first. A word found in very many homes is only checked among the remaining
        consents; where every word is that common, the first homes of one of them must do.
        """
        rows = self._keys(Place.WORD).order_by()
        known = [
            list(rows.filter(condition).values_list("consent_id", flat=True)[:FIRST])
            for condition in conditions
        ]
        met = sorted(zip(known, conditions, strict=True), key=lambda pair: len(pair[0]))
        left = {*met[0][0]}.intersection(*(found for found, _ in met if len(found) < FIRST))
        for condition in [condition for found, condition in met[1:] if len(found) == FIRST and left]:
            left = {*_words_of(left).filter(condition).values_list("consent_id", flat=True)}
        return met[0][1], left

    def _holding(self, rows: QuerySet[models.Entry], pieces: Sequence[str]) -> list[Hit]:
        holds = policy.holding(now=self.now).filter(pk=OuterRef("consent")).order_by()
        found = rows.filter(Exists(holds)).values_list(
            "consent__site_id", "consent_id", "kind", "place", "key"
        )
        return [
            Hit(site_pk=site, consent_pk=consent, key=(kind, place, bytes(key)), pieces=tuple(pieces))
            for site, consent, kind, place, key in found[:FETCHED]
        ]

    def words_with(self, word: str) -> list[str]:
        """Return some words that contain this one after their first letter."""
        if len(word) < words.INSIDE:
            return []
        rows = self._hidden(How.INSIDE).filter(beginning_with(word.encode())).order_by("key", "word")
        return [*dict.fromkeys(rows.values_list("word", flat=True)[:FETCHED])][:ALTERNATIVES]

    def words_near(self, typed: Sequence[str]) -> dict[str, list[str]]:
        """Return, for each word, the indexed words that are one typing error away."""
        slips = {word: words.slips(word) if words.can_slip(word) else frozenset() for word in typed}
        keys = [slip.encode() for one in slips.values() for slip in sorted(one)]
        rows = self._hidden(How.SLIP).filter(key__in=keys).order_by("word")
        known = [*dict.fromkeys(rows.values_list("word", flat=True)[:SLIPS])] if keys else []
        near = {word: [one for one in known if one != word and words.is_near(one, word)] for word in typed}
        return {word: found[:ALTERNATIVES] if slips[word] else [] for word, found in near.items()}

    def _keys(self, place: int) -> QuerySet[models.Entry]:
        return models.Entry.objects.filter(organization=self.organization, place=place)

    def _hidden(self, how: int) -> QuerySet[models.Word]:
        return models.Word.objects.filter(organization=self.organization, how=how)


def homes_named(organization: accounts.Organization, text: str, *, at_most: int) -> list[int] | None:
    """Return the ids of shared homes whose name may contain the text, without scanning all names.

    There may be a few homes too many, so callers check the names. None means that the index cannot tell, or
    would return too many.
    """
    pieces = [word for word in words.words_of(text) if word.isalpha() and len(word) >= words.INSIDE]
    if not pieces:
        return None
    prefix = beginning_with(max(pieces, key=len).encode())
    hidden = models.Word.objects.filter(prefix, organization=organization, how=How.INSIDE)
    others = {*hidden.values_list("word", flat=True)[: MOST_WORDS + 1]}
    if len(others) > MOST_WORDS:
        return None
    kind = models.Entry.Kind.HOME
    rows = models.Entry.objects.filter(organization=organization, place=Place.WORD, kind=kind)
    found: set[int] = set()
    for some in (rows.filter(prefix), rows.filter(key__in=[word.encode() for word in others])):
        found.update(some.values_list("consent__site", flat=True)[: at_most + 1])
        if len(found) > at_most:
            return None
    return sorted(found)


def _words_of(consents: set[int]) -> QuerySet[models.Entry]:
    """Return the words of these consents, selected by consent and not by word."""
    return models.Entry.objects.filter(place=Place.WORD, consent__in=sorted(consents))


def beginning_with(beginning: bytes) -> Q:
    """Return the condition that a key starts with these bytes; no key contains the byte 255."""
    return Q(key__gte=beginning, key__lt=beginning + b"\xff")
