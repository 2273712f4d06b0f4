"""`python -m tests`: the whole suite, in a browser too where one can be had.

What needs no browser runs first, side by side on as many cores as there are, at most four; then the
browser has the machine for itself. With arguments, pytest is called once, with them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests import chromium

SIDE_BY_SIDE = min(4, os.cpu_count() or 1)
NO_BROWSER = ("-m", "not browser")
NOTHING_FAILED = {0, 5}  # 5: none of the tests asked for


def main() -> int:
    """Run the suite, or pytest with the arguments given; say last, and loudly, what could not run."""
    path = chromium.find()
    environment = {**os.environ, "CHROMIUM": path} if path else dict(os.environ)
    if sys.argv[1:]:
        return _pytest(environment, *(() if path else NO_BROWSER), *sys.argv[1:])
    status = _pytest(environment, *NO_BROWSER, "-n", str(SIDE_BY_SIDE), "--dist", "loadfile")
    if path:
        in_the_browser = _pytest(environment, "-m", "browser")
        return status if status not in NOTHING_FAILED else in_the_browser
    print(f"\nNO CHROMIUM: {_browser_tests()} browser tests did NOT run.\n{chromium.HOW_TO}")
    return status


def _pytest(environment: dict[str, str], *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment).returncode


def _browser_tests() -> int:
    command = [sys.executable, "-m", "pytest", "-m", "browser", "--collect-only"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    return len(re.findall(r"^\S+::", listed, flags=re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
