"""Search of shared homes by name, e-mail address, id or serial number, or a part of one.

Strategies run in a fixed order and stop when enough is found. A hit is shown only if policy.py shows its
home at this moment.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from gridshare_portal.access import models, policy
from gridshare_portal.access.finding import entries, lookups, words
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites

AT_MOST = 20
SHORTEST, LONGEST, MOST_WORDS = 2, words.LONGEST, 6
SHORTEST_ID, SHORTEST_END, SHORTEST_NUMBER = 3, 4, 6
LONGEST_PIECE = 4  # letters in a row in an id
Place, Kind = models.Entry.Place, models.Entry.Kind
TELLING = (Kind.NAME, Kind.HOME, Kind.EMAIL, Kind.SERIAL, Kind.DEVICE, Kind.SITE)

EMPTY = "Type a name, an e-mail address, a home’s name, an id or a serial number."
UNSEEN = "There is no letter and no digit in this. Type a name, an address, an id or a serial number."
SHORT = "Type at least two letters or digits."
LONG = f"This is too long to look for. Use at most {LONGEST} letters."


class SearchRefused(Exception):
    """Nothing that can be searched for; the message is a sentence for the page."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A search text as the index stores words."""

    words: tuple[str, ...]

    @property
    def phrase(self) -> bytes:
        return " ".join(self.words).encode()

    @property
    def is_number(self) -> bool:
        long = len(self.compact) >= SHORTEST_NUMBER
        return long and any(map(str.isnumeric, self.words)) and not any(map(_is_name, self.words))

    @property
    def compact(self) -> bytes:
        return "".join(self.words).encode()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A home, its homeowner, and the value it was found by, split at the matching parts."""

    site: sites.Site
    owner: accounts.User
    what: str
    kind: str
    parts: tuple[tuple[str, bool], ...]
    is_similar: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    """The homes found, best first, and whether there are more."""

    found: tuple[Found, ...]
    more: bool


Tier = Callable[[lookups.Index, Query], list[lookups.Hit]]  # one search strategy


def parse(text: str) -> Query:
    """Return the query for a text; raise SearchRefused."""
    if len(text.strip()) > LONGEST:
        raise SearchRefused(LONG)
    found = words.words_of(text)[:MOST_WORDS]
    if not found:
        raise SearchRefused(UNSEEN if text.strip() else EMPTY)
    if sum(map(len, found)) < SHORTEST:
        raise SearchRefused(SHORT)
    return Query(words=found)


def search(
    user: accounts.User, organization: accounts.Organization, query: Query, *, now: datetime
) -> Results:
    """Return the homes of one organization that this person may see now and that match the query.

    First values that start with it, then ids that end with it, then homes with all its words, then words that
    contain it or are one typing error away.
    """
    index = lookups.Index(organization=organization, now=now)
    hits: dict[int, lookups.Hit] = {}
    more = False
    for tier in (_beginnings, _ids, _ends, _words, _alike):
        if len(hits) > AT_MOST or (hits and _is_clear(query, tier)):
            break
        found = tier(index, query)
        more = more or len(found) >= lookups.FETCHED
        hits = {**hits, **{pk: hit for pk, hit in _by_home(found).items() if pk not in hits}}
    visible = policy.shared_sites(user, now=now, organization=organization).filter(pk__in=hits)
    shown = {*visible.values_list("pk", flat=True)}
    best = [hit for site_pk, hit in hits.items() if site_pk in shown]
    return Results(found=tuple(_described(best[:AT_MOST])), more=more or len(best) > AT_MOST)


def _is_clear(query: Query, tier: Tier) -> bool:
    """Return whether the hits so far suffice: the query was a number, or all of its words matched."""
    return (tier is _words and query.is_number) or (tier is _alike and len(query.words) > 1)


def _by_home(found: list[lookups.Hit]) -> dict[int, lookups.Hit]:
    """Return one hit per home in the order found, preferring the homeowner's name to the address."""
    best: dict[int, lookups.Hit] = {}
    for hit in found:
        known = best.setdefault(hit.site_pk, hit)
        if TELLING.index(hit.key[0]) < TELLING.index(known.key[0]):
            best[hit.site_pk] = hit
    return best


def _beginnings(index: lookups.Index, query: Query) -> list[lookups.Hit]:
    return index.hits(Place.BEGINNING, lookups.beginning_with(query.phrase), pieces=query.words)


def _ids(index: lookups.Index, query: Query) -> list[lookups.Hit]:
    if len(query.compact) < SHORTEST_ID:
        return []
    return index.hits(Place.ID, lookups.beginning_with(query.compact), pieces=(query.compact.decode(),))


def _ends(index: lookups.Index, query: Query) -> list[lookups.Hit]:
    end = query.compact.decode()
    if len(end) < SHORTEST_END:
        return []
    return index.hits(Place.END, lookups.beginning_with(end[::-1].encode()), pieces=(end,))


def _words(index: lookups.Index, query: Query) -> list[lookups.Hit]:
    return index.all_of([lookups.beginning_with(word.encode()) for word in query.words], pieces=query.words)


def _alike(index: lookups.Index, query: Query) -> list[lookups.Hit]:
    """Match words that contain the query's words, then words near to them."""
    inside = {word: index.words_with(word) for word in query.words}
    near = index.words_near(query.words)
    others = {word: [*inside[word], *near[word]] for word in query.words}
    if not any(others.values()):
        return []
    alone = len(query.words) == 1
    conditions = [
        Q(key__in=[other.encode() for other in others[word]])
        | (Q() if alone else lookups.beginning_with(word.encode()))
        for word in query.words
    ]
    nearby = {*itertools.chain(*near.values())} - {*itertools.chain(*inside.values())}
    found = index.all_of(conditions, pieces=query.words, ordered=False)
    found = [replace(hit, is_similar=hit.key[2].decode() in nearby) for hit in found]
    return sorted(found, key=lambda hit: (hit.is_similar, hit.key, hit.consent_pk))


def _described(hits: Sequence[lookups.Hit]) -> Iterator[Found]:
    given = entries.with_values(models.Consent.objects.filter(pk__in=[hit.consent_pk for hit in hits]))
    consents = {consent.pk: consent for consent in given}
    for hit in (hit for hit in hits if hit.consent_pk in consents):
        consent, (kind, _, key) = consents[hit.consent_pk], hit.key
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


def _is_name(word: str) -> bool:
    return word.isalpha() and len(word) > LONGEST_PIECE
