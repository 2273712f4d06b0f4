"""Measure a year of quarter hours on its way to the browser: integer columns beside rows of objects.

Run as `python -m benchmarks.chart_wire`. Only the ratios of one run are worth comparing.
"""

from __future__ import annotations

import functools
import gzip
import json
import time
from collections.abc import Callable

import numpy as np
import orjson

BUCKETS = 365 * 96
START = 1_767_254_400
STEP_S = 900
RUNS = 7
GZIP_LEVEL = 3
NAMES = ("solar_w", "from_grid_w", "home_w")


def readings() -> dict[str, np.ndarray]:
    """Make a lively year of one home: sun with clouds, a load with evenings, the grid between them."""
    rng = np.random.default_rng(7)
    hour = np.arange(BUCKETS) % 96 / 4
    day = np.arange(BUCKETS) // 96
    season = 0.65 - 0.35 * np.cos(2 * np.pi * (day + 10) / 365)
    clouds = np.repeat(rng.uniform(0.25, 1.0, 365), 96) * rng.uniform(0.8, 1.0, BUCKETS)
    solar = np.maximum(0, np.sin((hour - 6) / 12 * np.pi)) * 6000 * season * clouds
    home = 250 + rng.exponential(180, BUCKETS) + 1800 * np.exp(-(((hour - 18.5) / 1.7) ** 2))
    return {"solar_w": solar, "from_grid_w": np.maximum(0, home - solar), "home_w": home}


def columns(year: dict[str, np.ndarray]) -> bytes:
    """Encode as the portal does: one start, one step, whole watts, a list per series."""
    lists = {name: np.rint(values).astype(int).tolist() for name, values in year.items()}
    return orjson.dumps({"start": START, "step": STEP_S, **lists})


def rows(year: dict[str, np.ndarray], dumps: Callable[[object], bytes]) -> bytes:
    """Encode as most do: an object per bucket with its time and floats."""
    series = [values.tolist() for values in year.values()]
    found = [
        {"t": START + n * STEP_S, **dict(zip(NAMES, values, strict=True))}
        for n, values in enumerate(zip(*series, strict=True))
    ]
    return dumps(found)


def timed(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return the best of several runs in milliseconds of this process, with what came out."""
    best, made = float("inf"), b""
    for _ in range(RUNS):
        began = time.process_time()
        made = work()
        best = min(best, time.process_time() - began)
    return best * 1000, made


def main() -> None:
    """Print bytes and times, each with its ratio to the integer columns."""
    year = readings()
    ways = {
        "integer columns, orjson": lambda: columns(year),
        "rows of objects, orjson": lambda: rows(year, orjson.dumps),
        "rows of objects, json": lambda: rows(year, lambda found: json.dumps(found).encode()),
    }
    print(f"{BUCKETS:,} buckets x {len(NAMES)} series, gzip level {GZIP_LEVEL}, best of {RUNS}")
    print(f"{'':26}{'bytes':>12}{'':>8}{'gzipped':>10}{'':>8}{'encode ms':>10}{'':>8}{'gzip ms':>9}{'':>8}")
    first: tuple[float, ...] | None = None
    for name, way in ways.items():
        encode_ms, body = timed(way)
        gzip_ms, packed = timed(functools.partial(gzip.compress, body, GZIP_LEVEL, mtime=0))
        figures = (len(body), len(packed), encode_ms, gzip_ms)
        first = first or figures
        times = [f"{value / base:.1f}x" for value, base in zip(figures, first, strict=True)]
        print(
            f"{name:26}{figures[0]:>12,}{times[0]:>8}{figures[1]:>10,}{times[1]:>8}"
            f"{encode_ms:>10.1f}{times[2]:>8}{gzip_ms:>9.1f}{times[3]:>8}"
        )


if __name__ == "__main__":
    main()
