"""Turn whatever the API sent into what both databases can store.

PostgreSQL refuses NUL in text, lone surrogates, NaN and infinity in JSON; SQLite takes some of them. A home
must not fail to load because a device's name holds one.
"""

from __future__ import annotations

from collections.abc import Mapping

from gridshare_portal.gridshare import values

DEEPEST, WIDEST, LONGEST = 6, 200, 2000

Json = bool | float | str | None | list["Json"] | dict[str, "Json"]


def word(value: object, *, limit: int) -> str:
    """Return the text without what a database refuses, cut to the limit; None becomes ""."""
    if value is None:
        return ""
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return text[:limit]


def tree(value: object, *, depth: int = 0) -> Json:
    """Return a JSON value that can be stored: bounded in depth, width and length of its texts."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return values.number(value)
    if isinstance(value, Mapping | list | tuple) and depth >= DEEPEST:
        return None
    if isinstance(value, Mapping):
        return branches(value, depth=depth)
    if isinstance(value, list | tuple):
        return [tree(inner, depth=depth + 1) for inner in value[:WIDEST]]
    return word(value, limit=LONGEST)


def branches(value: Mapping[str, object], *, depth: int = 0) -> dict[str, Json]:
    """Return a JSON object that can be stored; see tree."""
    pairs = list(value.items())[:WIDEST]
    return {word(key, limit=128): tree(inner, depth=depth + 1) for key, inner in pairs}
