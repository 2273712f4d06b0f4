"""Pack a day's columns of readings into a few hundred bytes, and get them back exactly.

Nobody else knows the layout. A column becomes whole numbers at the coarsest decimal step
that loses nothing, then differences, then byte planes, then zlib; a column that no step
fits stays raw. Unknown is kept apart from zero by a bit per bucket.
"""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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


class UnknownLayout(ValueError):
    """These bytes are not of a layout that this version knows."""


class _Column(NamedTuple):
    digits: int  # decimal digits kept, or RAW
    width: int  # bytes per value
    first: int
    gaps: bytes  # one bit per bucket that is known; empty when all are
    planes: bytes


def pack(columns: Mapping[str, np.ndarray]) -> bytes:
    """Return the columns as bytes; NaN is unknown, and a column without a known value is left out."""
    counts = {len(column) for column in columns.values()}
    if len(counts) > 1 or not set(columns) <= set(FIELDS):
        raise ValueError("Columns need known names and one length.")
    count = counts.pop() if counts else 0
    mask, heads, bodies = 0, [], []
    for position, name in enumerate(FIELDS):
        column = columns.get(name)
        if column is None or np.isnan(column).all():
            continue
        packed = _packed(np.asarray(column, dtype=float))
        mask |= 1 << position
        heads.append(COLUMN.pack(packed.digits | (GAPPY if packed.gaps else 0), packed.width, packed.first))
        bodies.append(packed.gaps + packed.planes)
    body = b"".join([HEAD.pack(count, mask), *heads, *bodies])
    return bytes([VERSION]) + zlib.compress(body, 6)


def unpack(packed: bytes) -> dict[str, np.ndarray]:
    """Return every column that was packed, NaN where unknown."""
    count, present = _open(packed, FIELDS)
    return {name: _filled([column], count)[0] for name, column in present}


def unpack_many(blobs: Sequence[bytes], fields: Sequence[str], count: int) -> dict[str, np.ndarray]:
    """Return only these fields of many days of `count` buckets, each as one row per day.

    A field that a day does not have is unknown for that day. Days of one shape are
    decoded together, which makes a year a matter of milliseconds.
    """
    result = {name: np.full((len(blobs), count), np.nan) for name in fields}
    alike: dict[tuple[str, int, int, bool], list[tuple[int, _Column]]] = defaultdict(list)
    for row, blob in enumerate(blobs):
        length, present = _open(blob, fields)
        if length != count:
            raise UnknownLayout(f"{length} buckets where {count} were expected")
        for name, column in present:
            alike[name, column.digits, column.width, bool(column.gaps)].append((row, column))
    for (name, *_), group in alike.items():
        result[name][[row for row, _ in group]] = _filled([column for _, column in group], count)
    return result


def bits(known: np.ndarray) -> bytes:
    """Return one bit per bucket."""
    return np.packbits(known).tobytes()


def flags(packed: bytes, count: int) -> np.ndarray:
    """Return the bits of that many buckets as truth values."""
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=count).astype(bool)


def _packed(column: np.ndarray) -> _Column:
    known = ~np.isnan(column)
    gaps = b"" if known.all() else bits(known)
    digits = _digits(column[known])
    if digits == RAW:
        planes = np.where(known, column, 0.0).view(np.uint8).reshape(-1, 8).T
        return _Column(RAW, 8, 0, gaps, planes.tobytes())
    latest = np.maximum.accumulate(np.where(known, np.arange(len(column)), np.argmax(known)))
    whole = np.rint(column[latest] * 10**digits).astype(np.int64)
    steps = np.diff(whole, prepend=whole[0])
    zigzag = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    width = next(width for width in (1, 2, 4, 8) if int(zigzag.max()) < 1 << 8 * width)
    planes = zigzag.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T
    return _Column(digits, width, int(whole[0]), gaps, planes.tobytes())


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


def _open(packed: bytes, fields: Sequence[str]) -> tuple[int, list[tuple[str, _Column]]]:
    if packed[:1] != bytes([VERSION]):
        raise UnknownLayout(f"layout {bytes(packed[:1]).hex() or 'missing'}; this version knows {VERSION}")
    try:
        body = zlib.decompress(packed[1:])
        count, mask = HEAD.unpack_from(body)
        names, heads = _layout(mask)
        return count, list(_columns(body, count, names, heads.unpack_from(body, HEAD.size), fields))
    except (zlib.error, struct.error) as damage:
        raise UnknownLayout(str(damage)) from damage


@cache
def _layout(mask: int) -> tuple[list[str], struct.Struct]:
    names = [name for position, name in enumerate(FIELDS) if mask >> position & 1]
    return names, struct.Struct("<" + "BBq" * len(names))


def _columns(
    body: bytes, count: int, names: list[str], heads: tuple[int, ...], fields: Sequence[str]
) -> Iterator[tuple[str, _Column]]:
    at = HEAD.size + COLUMN.size * len(names)
    for number, name in enumerate(names):
        kind, width, first = heads[3 * number : 3 * number + 3]
        planes = at + (-(-count // 8) if kind & GAPPY else 0)
        end = planes + width * count
        if name in fields:
            if end > len(body):
                raise UnknownLayout("cut short")
            yield name, _Column(kind & 0x7F, width, first, body[at:planes], body[planes:end])
        at = end


def _filled(alike: list[_Column], count: int) -> np.ndarray:
    """Decode columns of one shape into one row each."""
    shape = alike[0]
    planes = np.frombuffer(b"".join(one.planes for one in alike), dtype=np.uint8)
    joined = np.ascontiguousarray(planes.reshape(len(alike), shape.width, count).transpose(0, 2, 1))
    if shape.digits == RAW:
        values = joined.view("<f8").reshape(len(alike), count)
    else:
        zigzag = joined.view(f"<u{shape.width}").reshape(len(alike), count).astype(np.uint64)
        steps = (zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64)
        first = np.array([one.first for one in alike], dtype=np.int64)
        values = (steps.cumsum(axis=1) + first[:, None]) / 10**shape.digits
    if shape.gaps:
        known = np.unpackbits(_rows(alike, count), axis=1, count=count).astype(bool)
        values = np.where(known, values, np.nan)
    return values


def _rows(alike: list[_Column], count: int) -> np.ndarray:
    joined = np.frombuffer(b"".join(one.gaps for one in alike), dtype=np.uint8)
    return joined.reshape(len(alike), -(-count // 8))
