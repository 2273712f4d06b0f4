"""`python -m tests`: the whole suite, in a browser too where one can be had."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests import chromium


def main() -> int:
    """Run pytest with the arguments given; say last, and loudly, what could not run."""
    path = chromium.find()
    if path:
        return _pytest({**os.environ, "CHROMIUM": path}, *sys.argv[1:])
    status = _pytest(dict(os.environ), "-m", "not browser", *sys.argv[1:])
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
