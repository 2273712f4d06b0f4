"""Text typed by a person, reduced to visible characters on one line."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return the text without control and bidirectional characters and surplus spaces."""
    seen = (one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")
    return " ".join("".join(seen).split())
