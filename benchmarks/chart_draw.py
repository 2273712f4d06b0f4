"""Draw the portal's charts and the same pictures in uPlot, ECharts, Chart.js and Plotly, in one browser.

Run as `python -m benchmarks.chart_draw`, after `npm ci --prefix benchmarks/charts`. "Script" is what the
browser spent in scripts from the JSON on, "shown" what went by until the picture was there. Each figure is
the median of several fresh pages, libraries in turn, and stands beside its ratio to uPlot. Only the ratios
of one run are worth comparing.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright import sync_api as playwright

from tests import chromium

ROOT: Final = Path(__file__).resolve().parent.parent
HERE: Final = ROOT / "benchmarks" / "charts"
ORIGIN: Final = "http://charts.localhost"  # nothing listens there: every file is handed over from the disk
START: Final = 1_767_254_400  # 1 January 2026, 00:00 in Los Angeles
ZONE: Final = "America/Los_Angeles"
VIEWPORT: Final[playwright.ViewportSize] = {"width": 1216, "height": 700}
LIBRARIES: Final = {
    "portal": "",
    "uPlot": "uplot/dist/uPlot.iife.min.js",
    "ECharts": "echarts/dist/echarts.min.js",
    "Chart.js": "chart.js/dist/chart.umd.min.js",
    "Plotly": "plotly.js-basic-dist-min/plotly-basic.min.js",
}
FLOOR: Final = "uPlot"
MARKS: Final = ("chart-begins", "chart-ends")
SCRIPT: Final = {"FunctionCall", "EvaluateScript", "RunMicrotasks", "FireAnimationFrame", "TimerFire"}

Columns = dict[str, list[int]]
Chart = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What one drawing in one fresh page took, in milliseconds."""

    script_ms: float
    shown_ms: float


def powers(count: int) -> Columns:
    """Make quarter hours of a lively home in whole watts: sun with clouds, evenings, a battery."""
    chance = random.Random(7)
    found: Columns = {name: [] for name in ("solar", "home", "charge", "discharge", "pct")}
    pct = 40.0
    for n in range(count):
        hour, day = n % 96 / 4, n // 96
        season = 0.65 - 0.35 * math.cos(2 * math.pi * (day + 10) / 365)
        solar = max(0.0, math.sin((hour - 6) / 12 * math.pi)) * 6000 * season * chance.uniform(0.3, 1)
        home = 250 + chance.expovariate(1 / 180) + 1800 * math.exp(-(((hour - 18.5) / 1.7) ** 2))
        charge = min(max(solar - home, 0.0), 3000.0 if pct < 98 else 0.0)
        discharge = min(max(home - solar, 0.0), 3000.0 if pct > 12 else 0.0)
        pct += (charge - discharge) / 4 / 135
        for name, value in zip(found, (solar, home, charge, discharge, pct), strict=True):
            found[name].append(round(value))
    return found


def power_chart(count: int) -> Chart:
    """Return the columns of a chart of power with the charge below, as the portal sends them."""
    made = powers(count)
    flows = list(zip(made["solar"], made["home"], made["charge"], made["discharge"], strict=True))
    grid = [home + charge - solar - discharge for solar, home, charge, discharge in flows]
    end = START + 900 * count
    return {
        **{"kind": "power", "zone": ZONE, "start": START, "step": 900, "count": count, "until": end},
        **{"running": None, "gaps": [], "partial": [], "read_at": end, "complete": True},
        **{"solar_w": made["solar"], "home_w": made["home"], "charge_pct": made["pct"]},
        **{"charging_w": made["charge"], "discharging_w": made["discharge"]},
        **{"from_grid_w": [max(watts, 0) for watts in grid], "to_grid_w": [max(-watts, 0) for watts in grid]},
    }


def energy_chart(by: str, edges: list[int]) -> Chart:
    """Return the columns of a chart of energy in bars between the edges, as the portal sends them."""
    fine = power_chart(365 * 96)

    def sums(name: str) -> list[int]:
        column = fine[name]
        assert isinstance(column, list)
        places = [(edge - START) // 900 for edge in edges]
        return [sum(column[a:b]) // 4 for a, b in zip(places, places[1:], strict=False)]

    return {
        **{"kind": "energy", "by": by, "zone": ZONE, "t": edges[:-1], "opens": "day", "days": []},
        **{"end": edges[-1], "until": edges[-1], "running": None, "gaps": [], "partial": []},
        **{"read_at": edges[-1], "complete": True, "solar_wh": sums("solar_w"), "home_wh": sums("home_w")},
        **{"charged_wh": sums("charging_w"), "discharged_wh": sums("discharging_w")},
        **{"from_grid_wh": sums("from_grid_w"), "to_grid_wh": sums("to_grid_w")},
    }


CASES: Final[dict[str, Callable[[], Chart]]] = {
    "a day of quarter hours": lambda: power_chart(96),
    "two days of quarter hours": lambda: power_chart(192),
    "a year by month": lambda: energy_chart(
        "month", [START + 86_400 * 365 * n // 12 // 900 * 900 for n in range(13)]
    ),
    "a year by day": lambda: energy_chart("day", [START + 86_400 * n for n in range(366)]),
    "a year of quarter hours": lambda: power_chart(365 * 96),
}


def head(library: str) -> str:
    """Return the scripts that a page with one library begins with."""
    draws = '<script src="/draw.js"></script>'
    if library != "portal":
        return f'<script src="/rivals/{LIBRARIES[library]}"></script>{draws}'
    modules = sorted((ROOT / "static/js/charts").glob("*.js"))
    places = {f"portal/charts/{one.stem}": f"/static/js/charts/{one.name}" for one in modules}
    start = 'import { draw } from "portal/charts/start"; globalThis.portalDraw = draw;'
    known = f'<script type="importmap">{json.dumps({"imports": places})}</script>'
    return f'{known}<script type="module">{start}</script>{draws}'


def hand_over(route: playwright.Route) -> None:
    """Answer a page's request from the disk."""
    path = route.request.url.removeprefix(ORIGIN)
    if path.startswith("/page/"):
        written = (HERE / "page.html").read_text().replace("<!--HEAD-->", head(path.removeprefix("/page/")))
        route.fulfill(body=written, content_type="text/html")
    elif path == "/draw.js":
        route.fulfill(path=HERE / "draw.js", content_type="text/javascript")
    else:
        folder = HERE / "node_modules" if path.startswith("/rivals/") else ROOT
        route.fulfill(path=folder / path.removeprefix("/rivals/").lstrip("/"))


def drawn(context: playwright.BrowserContext, library: str, chart: str) -> Drawn:
    """Draw one chart in a fresh page."""
    page = context.new_page()
    page.goto(f"{ORIGIN}/page/{library}")
    page.wait_for_load_state("networkidle")
    assert context.browser is not None
    context.browser.start_tracing(page=page, categories=["devtools.timeline", "blink.user_timing"])
    shown_ms = float(page.evaluate("([name, json]) => drawOnce(name, json)", [library, chart]))
    trace = json.loads(context.browser.stop_tracing())["traceEvents"]
    page.close()
    return Drawn(script_ms=script_ms(trace), shown_ms=shown_ms)


def script_ms(trace: Iterable[dict[str, object]]) -> float:
    """Return what ran as script between the two marks of a trace; what runs inside of another counts once."""
    events = list(trace)
    begin, end = (
        next(one for one in events if one["name"] == mark and one["cat"] == "blink.user_timing")
        for mark in MARKS
    )
    spans = sorted(
        (float(str(one["ts"])), float(str(one["ts"])) + float(str(one["dur"])))
        for one in events
        if one["name"] in SCRIPT
        and "dur" in one
        and one["tid"] == begin["tid"]
        and one["pid"] == begin["pid"]
    )
    took, reached = 0.0, float(str(begin["ts"]))
    for start, stop in spans:
        stop = min(stop, float(str(end["ts"])))
        took += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return took / 1000


def table(name: str, times: dict[str, list[Drawn]]) -> Iterable[str]:
    """Yield a line per library: medians, and their ratios to uPlot's of the same run."""
    medians = {
        library: (
            statistics.median(one.script_ms for one in many),
            statistics.median(one.shown_ms for one in many),
        )
        for library, many in times.items()
    }
    floor = medians[FLOOR]
    yield f"{name:28}{'script ms':>10}{'':>7}{'shown ms':>11}{'':>7}"
    for library, (script_ms, shown_ms) in medians.items():
        ratios = f"{script_ms / floor[0]:>6.2f}x", f"{shown_ms / floor[1]:>6.2f}x"
        yield f"  {library:26}{script_ms:>10.1f}{ratios[0]}{shown_ms:>11.1f}{ratios[1]}"


def main() -> None:
    """Print a table per picture."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=9, help="fresh pages per library and picture")
    asked.add_argument("--only", default="", help="part of the name of the pictures to draw")
    asked.add_argument("--libraries", nargs="*", default=list(LIBRARIES), choices=list(LIBRARIES))
    options = asked.parse_args()
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        context = browser.new_context(viewport=VIEWPORT)
        context.route(f"{ORIGIN}/**", hand_over)
        for name, make in CASES.items():
            if options.only not in name:
                continue
            chart = json.dumps(make())
            asked_for = {FLOOR, *options.libraries}
            times: dict[str, list[Drawn]] = {library: [] for library in LIBRARIES if library in asked_for}
            for _round in range(options.rounds + 1):  # the first warms the disk, and does not count
                for library in times:
                    times[library].append(drawn(context, library, chart))
            print("\n".join(table(name, {library: many[1:] for library, many in times.items()})), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
