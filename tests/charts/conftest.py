"""A figure alone on a page: the portal's own markup, scripts and styles, and columns that a test makes up."""

import json

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from gridshare_portal.homeowner.history import figures
from gridshare_portal.templatetags import assets

ORIGIN = "http://charts.test"  # nothing listens there: all of it is handed over from the disk
STYLES = ("css/tokens.css", "css/base.css", "css/charts.css")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
MIDNIGHT = 1_767_254_400  # 1 January 2026, 00:00 in Los Angeles
ZONE = "America/Los_Angeles"


def power(count=96, *, start=MIDNIGHT, step=900, zone=ZONE, **columns):
    """Return the columns of a chart of power, in which nothing is known but what is given."""
    end = start + step * count
    given = {"home_w": [None] * count, "gaps": [], "partial": [], "running": None, "until": end}
    place = {"kind": "power", "zone": zone, "start": start, "step": step, "count": count}
    return {**place, "read_at": end, "complete": True, **given, **columns}


def energy(count=7, *, start=MIDNIGHT, zone=ZONE, by="day", **columns):
    """Return the columns of a chart of energy by day, in which nothing is known but what is given."""
    edges = [start + 86_400 * n for n in range(count + 1)]
    given = {"home_wh": [None] * count, "gaps": [], "partial": [], "running": None, "until": edges[-1]}
    place = {"kind": "energy", "by": by, "zone": zone, "t": edges[:-1], "end": edges[-1]}
    names = {"opens": "day", "days": [f"2026-01-{n + 1:02}" for n in range(count)]}
    return {**place, **names, "read_at": edges[-1], "complete": True, **given, **columns}


def _document(data, every, around):
    figure = figures.Figure(data["kind"], (), data, lambda: None)
    addresses = {"data_url": f"{ORIGIN}/columns.json", "table_url": f"{ORIGIN}/table"}
    shown = {"figure": figure, "title": "Power", "every": every, **addresses}
    styles = "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in STYLES)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Chart</title>
      <meta name="viewport" content="width=device-width">
      <link rel="icon" href="data:,">{styles}
      <script type="importmap">{assets.import_map()}</script>
      <script type="module" src="/static/js/charts/start.js"></script>
      <body style="margin:16px"><main>{render_to_string("includes/_chart.html", shown)}</main>
      {around}</body></html>"""


class Portal:
    """The pretended portal of a page: what it answers when columns are asked for again."""

    def __init__(self, page):
        self.page, self.html, self.columns, self.complaints = page, "", None, []
        page.context.route(f"{ORIGIN}/**", self._answer)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def _answer(self, route):
        path = route.request.url.removeprefix(ORIGIN)
        if path.startswith("/static/"):
            route.fulfill(path=finders.find(path.removeprefix("/static/")))
        elif path == "/columns.json":
            route.fulfill(body=json.dumps(self.columns), content_type="application/json")
        else:
            route.fulfill(body=self.html, content_type="text/html")

    def show(self, data, *, every=None, around=""):
        """Open a page with a figure of these columns."""
        self.html, self.columns = _document(data, every, around), data
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_function(DRAWN)
        return self.page


DRAWN = """() => {
  const sheets = [...document.querySelectorAll(".chart-plot canvas")];
  return sheets.length > 0 && sheets.every((sheet) => sheet.clientWidth === sheet.parentElement.clientWidth);
}"""


@pytest.fixture
def portal(page):
    """Return a page's pretended portal, which must have heard no complaint in the end."""
    found = Portal(page)
    yield found
    assert found.complaints == []


@pytest.fixture
def show(portal):
    """Return how a figure is shown."""
    return portal.show


PAINTED = """([plot, role]) => {
  const canvas = document.querySelector(`.chart-plot-${plot} canvas`);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const probe = document.createElement("span");
  probe.style.color = `var(--${role})`;
  document.body.append(probe);
  const wanted = getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
  probe.remove();
  const found = new Map();
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const i = 4 * (y * width + x);
      if (data[i + 3] <= 200 || [0, 1, 2].some((n) => Math.abs(data[i + n] - wanted[n]) >= 40)) continue;
      const [top, , count] = found.get(x) ?? [y, y, 0];
      found.set(x, [top, y, count + 1]);
    }
  return [...found];
}"""


def painted_on(page, plot, role):
    """Return for each column of a plot that has about a role's color: its top, bottom and number of such pixels."""
    return {x: tuple(column) for x, column in page.evaluate(PAINTED, [plot, role])}


@pytest.fixture
def painted(page):
    """Return how to look for a role's color on a plot."""
    return lambda plot, role: painted_on(page, plot, role)
