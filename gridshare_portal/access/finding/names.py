"""Find homes by a part of their name without scanning all names.

Every word of a name and every ending of a word is indexed. The result may contain a few homes too many, so
callers check the names; None means that the index cannot tell, or would return too many.
"""

from __future__ import annotations

from gridshare_portal.access import models
from gridshare_portal.access.finding import lookups, words
from gridshare_portal.accounts import models as accounts

MOST_WORDS = 100
Kind, Place, How = models.Entry.Kind, models.Entry.Place, models.Word.How


def homes(organization: accounts.Organization, text: str, *, at_most: int) -> list[int] | None:
    """Return the ids of shared homes whose name may contain the text; None if the index cannot tell."""
    pieces = [word for word in words.words_of(text) if word.isalpha() and len(word) >= words.INSIDE]
    if not pieces:
        return None
    prefix = lookups.beginning_with(max(pieces, key=len).encode())
    hidden = models.Word.objects.filter(prefix, organization=organization, how=How.INSIDE)
    others = {*hidden.values_list("word", flat=True)[: MOST_WORDS + 1]}
    if len(others) > MOST_WORDS:
        return None
    entries = models.Entry.objects.filter(organization=organization, place=Place.WORD, kind=Kind.HOME)
    found: set[int] = set()
    for some in (entries.filter(prefix), entries.filter(key__in=[word.encode() for word in others])):
        found.update(some.values_list("consent__site", flat=True)[: at_most + 1])
        if len(found) > at_most:
            return None
    return sorted(found)
