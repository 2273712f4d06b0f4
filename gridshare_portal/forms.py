"""Forms as all pages have them: no field twice, and fields that read a list's query out of an address.

A refused form is shown again with a sentence at its field. An address is not: what it says wrongly counts as
left out, so that an old or mistyped link still leads to the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

_KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


class Once(forms.Form):
    """A form that refuses a field that came more than once instead of taking the last."""

    data: MultiValueDict[str, str]  # as it was sent, with every value of a field
    many: frozenset[str] = frozenset()  # the fields that may
    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        """Refuse what was sent twice, at its field."""
        for name in self.fields.keys() - self.many if isinstance(self.data, MultiValueDict) else ():
            if len(self.data.getlist(self.add_prefix(name))) > 1:
                self.add_error(name, "This was sent twice. Choose one.")
        return self.cleaned_data


class Query(forms.Form):
    """What an address asks of a list; made of the fields below, none of which refuses anything."""

    def __init__(self, said: Mapping[str, str]) -> None:
        super().__init__(said)
        self.full_clean()


class Choice(forms.Field):
    """One of some words, or the default."""

    def __init__(self, words: Iterable[str], *, default: str = "") -> None:
        super().__init__(required=False)
        self._words, self._default = frozenset(words), default

    def clean(self, value: str | None) -> str:
        """Return the word that was said if it is one of them."""
        return value if value in self._words and value is not None else self._default


class Choices(forms.Field):
    """Some of some words, in the order in which they are known."""

    widget = forms.SelectMultiple

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__(required=False)
        self._words = tuple(words)

    def clean(self, value: list[str] | None) -> tuple[str, ...]:
        """Return the words that were said; those that nobody knows are left out."""
        return tuple(word for word in self._words if word in (value or ()))


class Text(forms.Field):
    """A few words to search for."""

    def __init__(self, *, longest: int = 80) -> None:
        super().__init__(required=False)
        self._longest = longest

    def clean(self, value: str | None) -> str:
        """Return the words without what no database takes."""
        return (value or "").replace("\0", "").strip()[: self._longest]


class Key(forms.Field):
    """A row's key, or a count: up to 18 plain digits, which fit the database's integers."""

    def __init__(self, *, unreadable: int | None = None) -> None:
        super().__init__(required=False)
        self._unreadable = unreadable

    def clean(self, value: str | None) -> int | None:
        """Return the number, None where nothing was said, and `unreadable` for anything else."""
        if not value:
            return None
        return int(value) if _KEY.fullmatch(value) else self._unreadable


class Keys(forms.Field):
    """So many numbers with points between them."""

    def __init__(self, count: int) -> None:
        super().__init__(required=False)
        self._count = count

    def clean(self, value: str | None) -> tuple[int, ...] | None:
        """Return the numbers; None for anything else."""
        found = [one for part in (value or "").split(".") if (one := Key().clean(part)) is not None]
        return tuple(found) if len(found) == self._count == (value or "").count(".") + 1 else None


class After(Query):
    """A list whose pages follow each other: where this one begins."""

    after = Key()
