"""Pack a day's columns of readings into a few hundred bytes, without loss.

No other module knows the layout. A column becomes integers at the coarsest decimal step that loses nothing,
then differences, then byte planes, then zlib; a column that no step fits stays raw. A bit per bucket tells
unknown from zero.
"""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

VERSION = 1
FIELDS = ("in_w", "out_w", "voltage_v", "current_a", "charge_pct", "in_wh", "out_wh")
RAW = 15
GAPPY = 0x80
MOST_DIGITS = 9
EXACT = 2**53
HEAD = struct.Struct("<HB")
COLUMN = struct.Struct("<BBq")
MARK = bytes([VERSION])
Packed = bytes | memoryview  # as a database hands it out


class UnknownLayout(ValueError):
    """The bytes are damaged, or of a layout that this version does not know."""


class _Part(NamedTuple):
    digits: int  # decimal digits kept, or RAW
    width: int  # bytes per value
    first: int  # where the first value, the bits of what is known, and the planes begin
    gaps: int
    planes: int


class _Shape(NamedTuple):
    buckets: int
    size: int
    parts: dict[str, _Part]


def pack(columns: Mapping[str, np.ndarray]) -> bytes:
    """Return columns of one length as bytes; NaN is unknown, and a column without a known value is left out.

    Raises ValueError for a name that is not in FIELDS and for columns of different lengths.
    """
    counts = {len(column) for column in columns.values()}
    if len(counts) > 1 or not set(columns) <= set(FIELDS):
        raise ValueError("Columns need known names and one length.")
    count = counts.pop() if counts else 0
    mask, heads, bodies = 0, [], []
    for position, name in enumerate(FIELDS):
        column = columns.get(name)
        if column is None or np.isnan(column).all():
            continue
        mask |= 1 << position
        head, body = _packed(np.asarray(column, dtype=float))
        heads.append(head)
        bodies.append(body)
    body = b"".join([HEAD.pack(count, mask), *heads, *bodies])
    return MARK + zlib.compress(body, 6)


def unpack(packed: Packed) -> dict[str, np.ndarray]:
    """Return every column that was packed, NaN where unknown; raise UnknownLayout."""
    body = _body(packed)
    shape = _shape(_key(body))
    table = _table([body], shape)
    return {name: _filled(table, part, shape.buckets)[0] for name, part in shape.parts.items()}


def unpack_many(blobs: Sequence[Packed], fields: Sequence[str], count: int) -> dict[str, np.ndarray]:
    """Return these fields of many days of `count` buckets, one row per day; raise UnknownLayout.

    A field that a day lacks is NaN for that day. Days of one shape are decoded together, which makes a year a
    matter of milliseconds.
    """
    result = {name: np.full((len(blobs), count), np.nan) for name in fields}
    alike: dict[bytes, tuple[list[int], list[bytes]]] = defaultdict(lambda: ([], []))
    for row, blob in enumerate(blobs):
        body = _body(blob)
        rows, bodies = alike[_key(body)]
        rows.append(row)
        bodies.append(body)
    for key, (rows, bodies) in alike.items():
        shape = _shape(key)
        if shape.buckets != count:
            raise UnknownLayout(f"{shape.buckets} buckets where {count} were expected")
        table = _table(bodies, shape)
        for name in fields:
            if name in shape.parts:
                result[name][rows] = _filled(table, shape.parts[name], count)
    return result


def bits(known: np.ndarray) -> bytes:
    """Return booleans as bytes, one bit per bucket; see `flags`."""
    return np.packbits(known).tobytes()


def flags(packed: Packed, count: int) -> np.ndarray:
    """Return the first `count` bits as booleans."""
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=count).astype(bool)


def _packed(column: np.ndarray) -> tuple[bytes, bytes]:
    """Return a column's head, and its body: a bit per known bucket unless all are, then its byte planes."""
    known = ~np.isnan(column)
    gaps = b"" if known.all() else bits(known)
    digits, gappy = _digits(column[known]), GAPPY if gaps else 0
    if digits == RAW:
        planes = np.where(known, column, 0.0).view(np.uint8).reshape(-1, 8).T
        return COLUMN.pack(RAW | gappy, 8, 0), gaps + planes.tobytes()
    latest = np.maximum.accumulate(np.where(known, np.arange(len(column)), np.argmax(known)))
    whole = np.rint(column[latest] * 10**digits).astype(np.int64)
    steps = np.diff(whole, prepend=whole[0])
    zigzag = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    width = next(width for width in (1, 2, 4, 8) if int(zigzag.max()) < 1 << 8 * width)
    planes = zigzag.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T
    return COLUMN.pack(digits | gappy, width, int(whole[0])), gaps + planes.tobytes()


def _digits(values: np.ndarray) -> int:
    if np.isinf(values).any():
        return RAW
    largest = np.abs(values).max()
    for digits in range(MOST_DIGITS + 1):
        if largest * 10**digits >= EXACT:
            break
        if (np.rint(values * 10**digits) / 10**digits == values).all():
            return digits
    return RAW


def _body(packed: Packed) -> bytes:
    if packed[:1] != MARK:
        raise UnknownLayout(f"layout {bytes(packed[:1]).hex() or 'missing'}; this version knows {VERSION}")
    try:
        return zlib.decompress(packed[1:])
    except zlib.error as damage:
        raise UnknownLayout(str(damage)) from damage


def _key(body: bytes) -> bytes:
    """Return what decides where everything lies: the head, and each column's kind and width."""
    if len(body) < HEAD.size:
        raise UnknownLayout("cut short")
    end = HEAD.size + COLUMN.size * body[HEAD.size - 1].bit_count()
    kinds, widths = body[HEAD.size : end : COLUMN.size], body[HEAD.size + 1 : end : COLUMN.size]
    return body[: HEAD.size] + kinds + widths


@lru_cache(maxsize=4096)
def _shape(key: bytes) -> _Shape:
    count, mask = HEAD.unpack_from(key)
    names = [name for position, name in enumerate(FIELDS) if mask >> position & 1]
    kinds, widths = key[HEAD.size : HEAD.size + len(names)], key[HEAD.size + len(names) :]
    if len(widths) != len(names):
        raise UnknownLayout("cut short")
    at, parts = HEAD.size + COLUMN.size * len(names), {}
    for number, name in enumerate(names):
        gaps = -(-count // 8) if kinds[number] & GAPPY else 0
        first = HEAD.size + COLUMN.size * number + 2
        parts[name] = _Part(kinds[number] & 0x7F, widths[number], first, at, at + gaps)
        at += gaps + widths[number] * count
    return _Shape(count, at, parts)


def _table(bodies: Sequence[bytes], shape: _Shape) -> np.ndarray:
    """Return bodies of one shape as one row of bytes each."""
    joined = np.frombuffer(b"".join(bodies), dtype=np.uint8)
    if any(len(body) != shape.size for body in bodies):
        raise UnknownLayout("cut short")
    return joined.reshape(len(bodies), shape.size)


def _filled(table: np.ndarray, part: _Part, count: int) -> np.ndarray:
    """Decode one column of all rows."""
    planes = table[:, part.planes : part.planes + part.width * count].reshape(-1, part.width, count)
    joined = np.ascontiguousarray(planes.transpose(0, 2, 1))
    if part.digits == RAW:
        values = joined.view("<f8").reshape(-1, count)
    else:
        zigzag = joined.view(f"<u{part.width}").reshape(-1, count)
        steps = (zigzag >> 1).astype(np.int64) ^ -(zigzag & 1).astype(np.int64)
        first = np.ascontiguousarray(table[:, part.first : part.first + 8]).view("<i8")
        values = (steps.cumsum(axis=1) + first) / 10**part.digits
    if part.gaps != part.planes:
        known = np.unpackbits(table[:, part.gaps : part.planes], axis=1, count=count).astype(bool)
        values = np.where(known, values, np.nan)
    return values
