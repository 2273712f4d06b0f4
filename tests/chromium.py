"""Where the browser tests find a Chromium: one that is there, else Playwright's, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW_TO = (
    "Install one (`apt-get install chromium`, or any Chrome) or name it: CHROMIUM=/path/to/chromium make test"
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """Return a Chromium's path, installing one where that is possible; None where it is not."""
    return _given() or _on_path() or _from_playwright() or _from_debian()


def _given() -> str | None:
    named = os.environ.get("CHROMIUM", "")
    return named if named and os.access(named, os.X_OK) else None


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _from_playwright() -> str | None:
    if not _installed_by_playwright() and not _tries("playwright", "install", "--only-shell", "chromium"):
        return None
    return _installed_by_playwright()


def _installed_by_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def _from_debian() -> str | None:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        if subprocess.run(["apt-get", *command], capture_output=True, timeout=600).returncode != 0:
            return None
    return _on_path()


def _tries(*module_and_arguments: str) -> bool:
    command = [sys.executable, "-m", *module_and_arguments]
    try:
        return subprocess.run(command, capture_output=True, timeout=300).returncode == 0
    except subprocess.TimeoutExpired:
        return False
