"""What may be in a text that a person gave: letters that can be seen, in one direction, on one line."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return the text without control characters, marks that turn its direction, and spaces to spare."""
    seen = (one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")
    return " ".join("".join(seen).split())
