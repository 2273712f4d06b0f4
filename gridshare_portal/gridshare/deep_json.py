"""Read JSON that is nested too deep for the standard reader, which gives up at some five hundred levels.

It keeps its place in a list instead of on the stack. Slower, so only for what the standard reader refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json.decoder import scanstring
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "NaN": None, "Infinity": None, "-Infinity": None}


def loads(text: str, *, whole: Callable[[str], int | float] = int) -> Any:
    """Return the value in the text; a ValueError if it is not JSON."""
    outermost: list = []
    open_ones: list[list | dict] = [outermost]
    at, key = _SPACE.match(text).end(), None
    while True:
        inside = open_ones[-1]
        if text[at : at + 1] in ("{", "["):
            value: Any = {} if text[at] == "{" else []
            _put(inside, key, value)
            open_ones.append(value)
            at = _SPACE.match(text, at + 1).end()
            if text[at : at + 1] not in ("}", "]"):
                at, key = _key(text, at, value)
                continue
        else:
            value, at = _scalar(text, at, whole)
            _put(inside, key, value)
        at, more = _close(text, at, open_ones)
        if not more:
            return outermost[0]
        at, key = _key(text, at, open_ones[-1])


def _put(inside: list | dict, key: str | None, value: Any) -> None:
    if isinstance(inside, dict):
        inside[key] = value
    else:
        inside.append(value)


def _close(text: str, at: int, open_ones: list) -> tuple[int, bool]:
    at = _SPACE.match(text, at).end()
    while len(open_ones) > 1:
        mark = text[at : at + 1]
        if mark == ",":
            return _SPACE.match(text, at + 1).end(), True
        if mark != ("}" if isinstance(open_ones[-1], dict) else "]"):
            raise json.JSONDecodeError("Expecting a comma or an end", text, at)
        open_ones.pop()
        at = _SPACE.match(text, at + 1).end()
    if at != len(text):
        raise json.JSONDecodeError("Extra data", text, at)
    return at, False


def _key(text: str, at: int, inside: list | dict) -> tuple[int, str | None]:
    if isinstance(inside, list):
        return at, None
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting a name", text, at)
    key, at = scanstring(text, at + 1, True)
    at = _SPACE.match(text, at).end()
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting a colon", text, at)
    return _SPACE.match(text, at + 1).end(), key


def _scalar(text: str, at: int, whole: Callable[[str], int | float]) -> tuple[Any, int]:
    if text[at : at + 1] == '"':
        return scanstring(text, at + 1, True)
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    number = _NUMBER.match(text, at)
    if number is None:
        raise json.JSONDecodeError("Expecting a value", text, at)
    if number[2] or number[3]:
        return float(number[0]), number.end()
    return whole(number[0]), number.end()
