"""Read JSON that is nested too deep for the standard reader, which gives up at some five hundred levels.

It keeps its place in a list instead of on the stack. Slower, so only for what the standard reader refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "NaN": None, "Infinity": None, "-Infinity": None}
_READER = json.JSONDecoder()  # of texts alone, which cannot be nested
_Container = list[object] | dict[str, object]


def loads(text: str, *, whole: Callable[[str], int | float] = int) -> object:
    """Return the value in the text; a ValueError if it is not JSON."""
    outermost: list[object] = []
    open_ones: list[_Container] = [outermost]
    at, key = _after_space(text, 0), None
    while True:
        inside = open_ones[-1]
        if text[at : at + 1] in ("{", "["):
            opened: _Container = {} if text[at] == "{" else []
            _put(inside, key, opened)
            open_ones.append(opened)
            at = _after_space(text, at + 1)
            if text[at : at + 1] not in ("}", "]"):
                at, key = _key(text, at, opened)
                continue
        else:
            value, at = _scalar(text, at, whole)
            _put(inside, key, value)
        at, more = _close(text, at, open_ones)
        if not more:
            return outermost[0]
        at, key = _key(text, at, open_ones[-1])


def _put(inside: _Container, key: str | None, value: object) -> None:
    if isinstance(inside, list):
        inside.append(value)
    else:
        inside[key or ""] = value


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _close(text: str, at: int, open_ones: list[_Container]) -> tuple[int, bool]:
    at = _after_space(text, at)
    while len(open_ones) > 1:
        mark = text[at : at + 1]
        if mark == ",":
            return _after_space(text, at + 1), True
        if mark != ("}" if isinstance(open_ones[-1], dict) else "]"):
            raise json.JSONDecodeError("Expecting a comma or an end", text, at)
        open_ones.pop()
        at = _after_space(text, at + 1)
    if at != len(text):
        raise json.JSONDecodeError("Extra data", text, at)
    return at, False


def _key(text: str, at: int, inside: _Container) -> tuple[int, str | None]:
    if isinstance(inside, list):
        return at, None
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting a name", text, at)
    key, at = _READER.raw_decode(text, at)
    at = _after_space(text, at)
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting a colon", text, at)
    return _after_space(text, at + 1), key


def _scalar(text: str, at: int, whole: Callable[[str], int | float]) -> tuple[object, int]:
    if text[at : at + 1] == '"':
        value, at = _READER.raw_decode(text, at)
        return value, at
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    number = _NUMBER.match(text, at)
    if number is None:
        raise json.JSONDecodeError("Expecting a value", text, at)
    if number[2] or number[3]:
        return float(number[0]), number.end()
    return whole(number[0]), number.end()
