"""Find homes that were shared, by what staff hear on the telephone: a name, an address, half a serial number.

Every question goes to an index by its beginning and stops when there are enough answers, so that a hundred
thousand homes are searched like a thousand. What is found is shown only if policy.py shows it at this moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from gridshare_portal.access import entries, models, policy, words
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites

AT_MOST = 20
FETCHED = 60  # one home may be found by several keys
FIRST = 2000  # homes of the rarest word that are looked at for the other words
ALTERNATIVES, SLIPS = 12, 200
SHORTEST, LONGEST, MOST_WORDS, SHORTEST_END = 2, words.LONGEST, 6, 4
Place, How = models.Entry.Place, models.Word.How

EMPTY = "Type a name, an e-mail address, a home’s name, an id or a serial number."
UNSEEN = "There is no letter and no digit in this. Type a name, an address, an id or a serial number."
SHORT = "Type at least two letters or digits."
LONG = f"This is too long to look for. Use at most {LONGEST} letters."
NOTHING = "No home that is shared with you is found by this."


class Refused(Exception):
    """Nothing that can be looked for; the text is a sentence for the page."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What somebody looks for, as the index keeps it."""

    words: tuple[str, ...]

    @property
    def phrase(self) -> bytes:
        """Return the words with one space between them."""
        return " ".join(self.words).encode()

    @property
    def compact(self) -> bytes:
        """Return the words as if they were an id."""
        return "".join(self.words).encode()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A home, whose it is, and by which of its values it was found, cut where the value is like the query."""

    site: sites.Site
    owner: accounts.User
    what: str
    kind: str
    parts: tuple[tuple[str, bool], ...]
    is_similar: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    """The homes found, the best first, and whether there are more than are shown."""

    found: tuple[Found, ...]
    more: bool


def parse(text: str) -> Query:
    """Return what to look for, or refuse with a sentence."""
    if len(text.strip()) > LONGEST:
        raise Refused(LONG)
    found = words.words_of(text)[:MOST_WORDS]
    if not found:
        raise Refused(UNSEEN if text.strip() else EMPTY)
    if sum(map(len, found)) < SHORTEST:
        raise Refused(SHORT)
    return Query(words=found)


def search(user: Any, organization: accounts.Organization, query: Query, *, now: datetime) -> Results:
    """Return the homes of one organization that this person may see now and that are found by the query.

    First those of which something begins with it, then those of which it is the end of an id, then those
    with all its words, then those with words that have it inside, then those one slip of the finger away.
    """
    index = _Index(organization=organization, now=now)
    hits: dict[int, Hit] = {}
    more = False
    for tier in (_beginnings, _ids, _ends, _words, _insides, _slips):
        if len(hits) > AT_MOST:
            break
        found = tier(index, query)
        more = more or len(found) >= FETCHED
        for hit in found:
            hits.setdefault(hit.site_pk, hit)
    visible = policy.shared_sites(user, now=now, organization=organization).filter(pk__in=hits)
    shown = {*visible.values_list("pk", flat=True)}
    best = [hit for site_pk, hit in hits.items() if site_pk in shown]
    return Results(found=tuple(_described(best[:AT_MOST], query)), more=more or len(best) > AT_MOST)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A home found by one key; `pieces` are what of its value to show as found."""

    site_pk: int
    consent_pk: int
    key: entries.Key
    pieces: tuple[str, ...]
    is_similar: bool = False


def _beginnings(index: _Index, query: Query) -> list[Hit]:
    return index.hits(Place.BEGINNING, _range(query.phrase), pieces=query.words)


def _ids(index: _Index, query: Query) -> list[Hit]:
    return index.hits(Place.ID, _range(query.compact), pieces=(query.compact.decode(),))


def _ends(index: _Index, query: Query) -> list[Hit]:
    end = query.compact.decode()
    if len(end) < SHORTEST_END:
        return []
    return index.hits(Place.END, _range(end[::-1].encode()), pieces=(end,))


def _words(index: _Index, query: Query) -> list[Hit]:
    return index.all_of([_range(word.encode()) for word in query.words], pieces=query.words)


def _insides(index: _Index, query: Query) -> list[Hit]:
    return index.alike(query, {word: index.words_with(word) for word in query.words}, is_similar=False)


def _slips(index: _Index, query: Query) -> list[Hit]:
    near = index.words_near(query.words)
    others = {word: [*index.words_with(word), *near[word]] for word in query.words}
    return index.alike(query, others, is_similar=True) if any(near.values()) else []


@dataclass(frozen=True, kw_only=True)
class _Index:
    """The keys of one organization whose consents hold at this moment."""

    organization: accounts.Organization
    now: datetime

    def hits(
        self, place: int, way: Q, *, pieces: Sequence[str], ordered: bool = True, **how: Any
    ) -> list[Hit]:
        """Return what is found under keys of a kind, in the order of the keys."""
        holds = policy.holding(now=self.now).filter(pk=OuterRef("consent")).order_by()
        rows = self._keys(place).filter(way).filter(Exists(holds))
        rows = rows.order_by("key", "consent") if ordered else rows
        return [
            Hit(
                site_pk=row.consent.site_id,
                consent_pk=row.consent_id,
                key=(row.kind, row.place, bytes(row.key)),
                pieces=tuple(pieces),
                **how,
            )
            for row in rows.select_related("consent")[:FETCHED]
        ]

    def all_of(self, ways: list[Q], *, pieces: Sequence[str], ordered: bool = True, **how: Any) -> list[Hit]:
        """Return what is found by words in all these ways at once, beginning with the rarest."""
        rows = self._keys(Place.WORD)
        if len(ways) > 1:
            counts = [rows.filter(way).order_by()[:FIRST].count() for way in ways]
            rarest = ways[counts.index(min(counts))]
            others = [way for way in ways if way is not rarest]
            first = rows.filter(rarest).order_by("key", "consent") if ordered else rows.filter(rarest)
            with_all = [Exists(rows.filter(way, consent=OuterRef("consent")).order_by()) for way in others]
            ways = [Q(pk__in=first.values("pk")[:FIRST]), *with_all]
        return self.hits(Place.WORD, Q(*ways), pieces=pieces, ordered=ordered, **how)

    def alike(self, query: Query, others: dict[str, list[str]], *, is_similar: bool) -> list[Hit]:
        """Return what is found by the words or by others in their place."""
        if not any(others.values()):
            return []
        alone = len(query.words) == 1
        ways = [
            Q(key__in=[other.encode() for other in others[word]]) | (Q() if alone else _range(word.encode()))
            for word in query.words
        ]
        found = self.all_of(ways, pieces=query.words, ordered=False, is_similar=is_similar)
        return sorted(found, key=lambda hit: (hit.key, hit.consent_pk))

    def words_with(self, word: str) -> list[str]:
        """Return some words that have this one inside, not at their beginning."""
        if len(word) < words.INSIDE:
            return []
        rows = self._hidden(How.INSIDE).filter(_range(word.encode())).order_by("key", "word")
        return [*dict.fromkeys(rows.values_list("word", flat=True)[:FETCHED])][:ALTERNATIVES]

    def words_near(self, asked: Sequence[str]) -> dict[str, list[str]]:
        """Return, for each word, those that one slip of the finger makes of it."""
        slips = {word: words.slips(word) if words.can_slip(word) else frozenset() for word in asked}
        keys = [slip.encode() for one in slips.values() for slip in sorted(one)]
        rows = self._hidden(How.SLIP).filter(key__in=keys).order_by("word")
        known = [*dict.fromkeys(rows.values_list("word", flat=True)[:SLIPS])] if keys else []
        near = {word: [one for one in known if one != word and words.is_near(one, word)] for word in asked}
        return {word: found[:ALTERNATIVES] if slips[word] else [] for word, found in near.items()}

    def _keys(self, place: int) -> QuerySet[models.Entry]:
        return models.Entry.objects.filter(organization=self.organization, place=place)

    def _hidden(self, how: int) -> QuerySet[models.Word]:
        return models.Word.objects.filter(organization=self.organization, how=how)


def _described(hits: Sequence[Hit], query: Query) -> Iterator[Found]:
    """Yield what to show of each home, from the rows as they are now."""
    given = entries.with_values(models.Consent.objects.filter(pk__in=[hit.consent_pk for hit in hits]))
    consents = {consent.pk: consent for consent in given}
    for hit in hits:
        consent = consents[hit.consent_pk]
        kind, place, key = hit.key
        values = [(kind, value) for of, value in entries.values_of(consent) if of == kind]
        value = next((value for value in values if hit.key in entries.keys_of([value])), (kind, ""))[1]
        inside = tuple(piece for piece in hit.pieces if not hit.is_similar or piece in key.decode())
        parts = words.marked(value, inside or (key.decode(),), joined=kind in models.Entry.IDS)
        yield Found(
            site=consent.site,
            owner=consent.given_by,
            what=models.Entry.Kind(kind).label,
            kind=kind,
            parts=parts,
            is_similar=hit.is_similar,
        )


def _range(beginning: bytes) -> Q:
    """Return the condition that a key begins with this; no key has the byte 255."""
    return Q(key__gte=beginning, key__lt=beginning + b"\xff")
