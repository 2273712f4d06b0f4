"""The index by which staff search homes: a few keys per consent, updated whenever an indexed value changes.

Keys belong to a consent: no home is found by a resident who shared nothing, and an ended consent leaves no
key. Whether a consent holds is not known here; lookups.py filters by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import connection, transaction
from django.db.models import QuerySet

from gridshare_portal.access import models
from gridshare_portal.access.finding import words
from gridshare_portal.accounts import models as accounts

Kind, Place, Hidden = models.Entry.Kind, models.Entry.Place, models.Word.How
BATCH = 500
Key = tuple[str, int, bytes]


def values_of(consent: models.Consent) -> Iterator[tuple[str, str]]:
    """Yield the searchable values of a consent's home as (kind, value); reads only prefetched rows."""
    yield Kind.HOME, consent.site.name
    yield Kind.NAME, consent.given_by.name
    yield Kind.EMAIL, consent.given_by.email
    yield Kind.SITE, consent.site.synth_id
    for device in consent.site.devices.all():
        if device.gone_at is None:
            yield Kind.DEVICE, device.synth_id
            yield Kind.SERIAL, device.serial_number


def keys_of(values: Iterable[tuple[str, str]]) -> set[Key]:
    keys: set[Key] = set()
    for kind, value in values:
        found = words.words_of(value)
        if kind in models.Entry.IDS:
            keys.update((kind, place, key) for place, key in _of_id(found))
        elif found:
            keys.add((kind, Place.BEGINNING, " ".join(found).encode()))
            keys.update((kind, Place.WORD, word.encode()) for word in found)
    return keys


def with_values(consents: QuerySet[models.Consent]) -> QuerySet[models.Consent]:
    """Fetch consents together with everything that `values_of` reads."""
    return consents.select_related("site", "given_by").prefetch_related("site__devices")


def refresh(consents: QuerySet[models.Consent]) -> None:
    """Bring the keys of these consents up to date; ended consents lose theirs."""
    for consent in with_values(consents):
        _write(consent, keys_of(values_of(consent)) if consent.ended_at is None else set())


@transaction.atomic
def _write(consent: models.Consent, wanted: set[Key]) -> None:
    kept = {
        (entry.kind, entry.place, bytes(entry.key)): entry.pk
        for entry in models.Entry.objects.filter(consent=consent)
    }
    gone = kept.keys() - wanted
    models.Entry.objects.filter(pk__in=[kept[key] for key in gone]).delete()
    added = wanted - kept.keys()
    organization_pk = consent.organization_id
    rows = [
        models.Entry(consent=consent, organization_id=organization_pk, kind=kind, place=place, key=key)
        for kind, place, key in sorted(added)
    ]
    models.Entry.objects.bulk_create(rows, batch_size=BATCH)
    add_words(organization_pk, {key for _, place, key in added if place == Place.WORD})
    _drop_words(organization_pk, {key for _, place, key in gone if place == Place.WORD})


def rebuild(organization: accounts.Organization) -> int:
    """Rewrite the whole index of an organization; return the number of open consents."""
    models.Word.objects.filter(organization=organization).delete()
    given = models.Consent.objects.filter(organization=organization)
    models.Entry.objects.filter(consent__in=given.exclude(ended_at=None)).delete()
    still_open = with_values(given.filter(ended_at=None).order_by("pk"))
    count = last = 0
    while chunk := list(still_open.filter(pk__gt=last)[:BATCH]):
        write(chunk)
        count, last = count + len(chunk), chunk[-1].pk
    return count


@transaction.atomic
def write(consents: list[models.Consent]) -> None:
    """Replace the keys of many consents of one organization, by plain SQL for speed."""
    models.Entry.objects.filter(consent__in=consents).delete()
    keys = {consent: keys_of(values_of(consent)) for consent in consents}
    rows = [
        (consent.pk, consent.organization_id, kind, int(place), key)
        for consent, found in keys.items()
        for kind, place, key in sorted(found)
    ]
    table = connection.ops.quote_name(models.Entry._meta.db_table)
    with connection.cursor() as cursor:
        columns = "(consent_id, organization_id, kind, place, key) VALUES (%s, %s, %s, %s, %s)"
        cursor.executemany(f"INSERT INTO {table} {columns}", rows)
    if consents:
        add_words(consents[0].organization_id, {key for *_, place, key in rows if place == Place.WORD})


def add_words(organization_pk: int, keys: Iterable[bytes]) -> None:
    """Index new words by their endings and by their spellings with one letter left out."""
    rows = [
        models.Word(organization_id=organization_pk, how=how, key=key, word=word)
        for word in _new_words(organization_pk, keys)
        for how, key in _hidden_in(word)
    ]
    models.Word.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)


def _new_words(organization_pk: int, keys: Iterable[bytes]) -> Iterator[str]:
    """Yield words not indexed yet; a word that may be misspelled is also indexed under itself."""
    for chunk in _batched(keys):
        known = models.Word.objects.filter(organization=organization_pk, how=Hidden.SLIP, key__in=chunk)
        own = {word for key, word in known.values_list("key", "word") if bytes(key) == word.encode()}
        yield from (key.decode() for key in chunk if key.decode() not in own)


def _drop_words(organization_pk: int, keys: set[bytes]) -> None:
    for chunk in _batched(keys):
        left = models.Entry.objects.filter(organization=organization_pk, place=Place.WORD, key__in=chunk)
        still = {bytes(key) for key in left.values_list("key", flat=True).distinct()}
        gone = [key.decode() for key in chunk if key not in still]
        hidden = {key for word in gone for _, key in _hidden_in(word)}
        rows = models.Word.objects.filter(organization=organization_pk, how__in=Hidden.values)
        for some in _batched(hidden):
            rows.filter(key__in=some, word__in=gone).delete()


def _of_id(found: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    """Yield an id forwards, also without a leading `site-`, and backwards."""
    whole = "".join(found)
    if whole:
        yield Place.ID, whole.encode()
        yield Place.END, whole[::-1].encode()
    if len(found) > 1 and found[0] == "site":
        yield Place.ID, "".join(found[1:]).encode()


def _hidden_in(word: str) -> Iterator[tuple[int, bytes]]:
    yield from ((Hidden.INSIDE, piece.encode()) for piece in words.insides(word))
    if words.can_slip(word):
        yield from ((Hidden.SLIP, slip.encode()) for slip in sorted(words.slips(word)))


def _batched(found: Iterable[bytes]) -> Iterator[list[bytes]]:
    rows = sorted(found)
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
