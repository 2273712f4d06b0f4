"""What a home's page costs behind granian on PostgreSQL: milliseconds of the web server's processor for each.

    .venv/bin/python -m benchmarks.served_page [--pages 200]

Web server, worker, beat and PostgreSQL run as deployed, with a homeowner whose home was read. The
yardstick, a loop of five million additions meanwhile, says how fast the processor was.
"""

from __future__ import annotations

import argparse
import time

import requests

from benchmarks import collecting, database_restarts

PAGES = ("healthz", "", "now/", "history/", "history.json", "devices/", "control/")
WARM = 20


def main() -> None:
    """Print a line for each page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200, help="of each kind")
    count = parser.parse_args().pages
    with database_restarts.running() as (portal, _database, home, cookies), requests.Session() as browser:
        browser.cookies.update(cookies)
        pid = portal.running["web"].pid
        for path in PAGES:
            url = portal.url + ("/healthz" if path == "healthz" else home + path)
            _ask(browser, url, WARM)
            before_s, began_s = collecting.processor_s(pid), time.monotonic()
            _ask(browser, url, count)
            spent_ms = (collecting.processor_s(pid) - before_s) * 1000 / count
            waited_ms = (time.monotonic() - began_s) * 1000 / count
            print(
                f"{path or 'home':14} {spent_ms:6.1f} ms of processor, answered in {waited_ms:6.1f} ms; "
                f"yardstick {collecting.yardstick_ms():.0f} ms",
                flush=True,
            )


def _ask(browser: requests.Session, url: str, count: int) -> None:
    for _ in range(count):
        page = browser.get(url, timeout=30)
        assert page.status_code == 200, (url, page.status_code)


if __name__ == "__main__":
    main()
