"""A page is looked at in every size and theme on one load: by axe, for its width, for what it draws.

Sizes and themes are changed on the open page, which stands complete before it is judged: in each by its width,
in the narrowest and the widest by axe. The themes differ in colors alone, so in the dark axe judges colors.
With SCREENSHOTS naming a folder, each look is kept there as a picture.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Error

from tests import portal as portals

AXE = (portals.ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
LOOKING = Path(__file__).with_suffix(".js").read_text()
ALL_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
NARROWEST = {"width": 320, "height": 640}
PATIENCE_MS = 60_000  # with a machine that is busy with something else; nothing waits longer than it must
EDGES = (NARROWEST, DESKTOP)  # a phone's layout is the hardest to read where it is narrowest
LAYOUTS = [(size, theme) for size in (NARROWEST, PHONE, DESKTOP) for theme in ("light", "dark")]


def listen(page, known=()):
    """Return the list to which whatever the page complains of is added, but for what is known."""
    complaints: list[tuple[str, str]] = []

    def hear(words):
        if not any(one in words for one in known):
            complaints.append((page.url, words))

    page.on("console", lambda said: hear(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: hear(str(error)))
    return complaints


def look_at(somebody, paths, name):
    """Open page after page and look at each in every layout; tell all that is wrong, and where."""
    faults = []
    for path in paths:
        somebody.goes_to(path)
        faults += _around(somebody.page, name)
    assert faults == [], "\n".join(faults)


def look_around(somebody, name):
    """Look at the page as it stands, in every layout, and go back to the one it was in."""
    faults = _around(somebody.page, name)
    assert faults == [], "\n".join(faults)


def check(page):
    """Judge the page as it stands, in the one layout that it is in."""
    faults = _ask(page, "faults", ALL_RULES)
    assert faults == [], "\n".join([page.url, *faults])


def _around(page, name):
    before, address = page.viewport_size, page.url
    found = [f"{address}: {fault}" for fault in _ask(page, "unpainted")]
    for size, theme in LAYOUTS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme)
        faults = _ask(page, "faults", _rules(size, theme))
        found += [f"{address}, {size['width']} px, {theme}: {fault}" for fault in faults]
        _keep(page, f"{size['width']}-{theme}-{name}")
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")
    return found


def _rules(size, theme):
    """Return what axe is asked: all at both edges in the light, colors in the dark, nothing between."""
    if size not in EDGES:
        return None
    return ALL_RULES if theme == "light" else COLOR_RULES


def _ask(page, question, rules=None):
    try:
        return _answer(page, question, rules)
    except Error as fault:
        if "context was destroyed" not in str(fault):
            raise
        return _answer(page, question, rules)  # the page renewed itself meanwhile, as a run's does


def _answer(page, question, rules):
    if not page.evaluate("'seenByTests' in window"):
        page.evaluate(AXE)
        page.evaluate("{" + LOOKING + "}")
    return page.evaluate(f"rules => seenByTests.{question}(rules)", rules)


def _keep(page, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        words = re.sub(r"https?://[^/]+|[0-9a-f-]{20,}", "", page.url)
        page.screenshot(path=Path(folder) / f"{name}-{re.sub(r'[^a-z0-9]+', '-', words)}.png", full_page=True)
