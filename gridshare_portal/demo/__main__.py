"""`python -m gridshare_portal.demo`: starts everything the demonstration needs, under one supervisor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gridshare_portal.demo import guard, people, stage, supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gridshare_portal.demo", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    add("--port", type=int, default=8000, help="where the portal answers (default: %(default)s)")
    add("--sandbox-port", type=int, default=8001, help="the pretended Lunar (default: %(default)s)")
    add("--data", type=Path, default=ROOT / ".data", help="what is kept between runs")
    add("--homes", type=int, default=14, help="customers in the sandbox (default: %(default)s)")
    by_themselves = "how many of them come to BrightGrid by themselves (default: %(default)s)"
    add("--customers", type=int, default=len(people.CUSTOMERS), help=by_themselves)
    add("--latency-ms", type=int, default=0, help="how slow the sandbox answers")
    add("--faults", action="store_true", help="let /_sandbox/ switch faults on")
    add("--rotate", action="store_true", help="the sandbox rotates refresh tokens")
    return parser.parse_args(arguments)


def main() -> int:
    chosen = options(sys.argv[1:])
    if not guard.is_loopback(chosen.host):
        print(f"The demonstration answers this machine only, and {chosen.host} is reachable from others.")
        return 2
    if taken := stage.taken_port(chosen):
        print(taken)
        return 2
    return supervisor.run(stage.Stage(chosen, root=ROOT))


if __name__ == "__main__":
    sys.exit(main())
