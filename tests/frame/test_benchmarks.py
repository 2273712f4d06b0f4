"""A benchmark sets the portal up by itself, so it has to start where no portal is."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
SAYS = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


@pytest.fixture
def bare():
    """Return an environment without a setting of the portal."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


class TestBenchmarks:
    def test_can_be_loaded_before_the_portal_is_set_up(self, bare):
        loaded = subprocess.run(
            [sys.executable, "-c", SAYS, *(f"benchmarks.{name}" for name in NAMES)],
            cwd=ROOT, env=bare, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

        assert NAMES
        assert loaded.returncode == 0, loaded.stderr[-2000:]
