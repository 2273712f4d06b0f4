"""Ask Lighthouse about pages of the portal as it runs in production, as on a phone with a slow line.

Run as `python -m benchmarks.lighthouse`, after `npm ci --ignore-scripts --prefix benchmarks/audits`. Prints
for each page the four scores of 100, requests, bytes, and when the largest thing was there, and below it
whatever fell short. The home has the readings of `--days` days, as its owner's connection brought them.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests import chromium
from tests.scans import running

HERE: Final = Path(__file__).resolve().parent / "audits"
AUDIT: Final = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
KINDS: Final = ("performance", "accessibility", "best-practices", "seo")
FLAGS: Final = ("--headless=new", "--ignore-certificate-errors", *chromium.ARGUMENTS)
COOKIE: Final = "__Host-session"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What Lighthouse found of a page: scores of 100, and what fell short as sentences."""

    scores: dict[str, int]
    requests: int
    kilobytes: float
    largest_s: float
    short: list[str]


def audited(url: str, *, session: str, folder: Path) -> Page:
    """Ask about one page in a fresh browser; `session` is the cookie's value, or empty for a visitor."""
    told = folder / "report.json"
    command = ["node", str(AUDIT), url, "--quiet", "--output=json", f"--output-path={told}"]
    command += [f"--only-categories={','.join(KINDS)}", f"--chrome-flags={' '.join(FLAGS)}"]
    if session:
        headers = folder / "headers.json"
        headers.write_text(json.dumps({"Cookie": f"{COOKIE}={session}"}))
        command.append(f"--extra-headers={headers}")
    browser = chromium.find()
    assert browser, chromium.HOW_TO
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": browser})
    return read(json.loads(told.read_text()))


def read(report: dict[str, Any]) -> Page:
    """Return what a report says."""
    audits, categories = report["audits"], report["categories"]
    weighed = [ref["id"] for kind in KINDS for ref in categories[kind]["auditRefs"] if ref["weight"]]
    fell = [audits[name] for name in weighed if audits[name]["score"] not in (1, None)]
    sent = audits["network-requests"]["details"]["items"]
    return Page(
        scores={kind: round(100 * categories[kind]["score"]) for kind in KINDS},
        requests=len(sent),
        kilobytes=sum(one["transferSize"] for one in sent) / 1000,
        largest_s=audits["largest-contentful-paint"]["numericValue"] / 1000,
        short=[f"{one['id']}: {one['title']} ({one.get('displayValue', one['score'])})" for one in fell],
    )


def collect(days: int) -> None:
    """Collect the homes' last days in this process, which is set up for the portal's database."""
    from django.utils import timezone

    from gridshare_portal.telemetry import collect as collecting
    from gridshare_portal.telemetry.models import Collection

    for row in Collection.objects.all():
        while collecting.run(collection_pk=row.pk, now=timezone.now(), owner=uuid.uuid4().hex):
            row.refresh_from_db()
            if row.filled_back_to and (timezone.now().date() - row.filled_back_to).days > days:
                break


def show(name: str, page: Page) -> None:
    """Print a page's row, and below it what fell short."""
    scores = " ".join(f"{page.scores[kind]:>4}" for kind in KINDS)
    print(f"{name:24} {scores} {page.requests:>9} {page.kilobytes:>7.0f} {page.largest_s:>8.2f}")
    for line in page.short:
        print(f"    {line}")


def main(arguments: Iterable[str] | None = None) -> None:
    """Audit the pages, `--times` each, and print the best of each: noise only ever takes points away."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--days", type=int, default=30)
    wanted.add_argument("--times", type=int, default=3)
    options = wanted.parse_args(arguments if arguments is None else [*arguments])
    assert AUDIT.exists(), "Run `npm ci --ignore-scripts --prefix benchmarks/audits` first."
    logging.getLogger("werkzeug").disabled = True
    with tempfile.TemporaryDirectory() as place, running.portal(Path(place)) as site:
        collect(options.days)
        home = site.starts["homeowner"][0]
        pages = [("", "/"), ("homeowner", home), ("homeowner", f"{home}history/")]
        print(f"{'page':24} perf acc. best  seo  requests      kB largest_s")
        for role, path in pages:
            found = [
                audited(site.url + path, session=site.sessions.get(role, ""), folder=Path(place))
                for _ in range(options.times)
            ]
            best = max(found, key=lambda one: tuple(one.scores.values()))
            show(path.replace(home, "/homes/…/"), best)


if __name__ == "__main__":
    main()
