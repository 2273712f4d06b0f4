"""`python -m gridshare_portal.demo`: starts everything the demonstration needs, under one supervisor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gridshare_portal.demo import guard, people, stage, supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gridshare_portal.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8000, help="where the portal answers (default: %(default)s)"
    )
    parser.add_argument(
        "--sandbox-port", type=int, default=8001, help="the pretended Lunar (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, default=ROOT / ".data", help="what is kept between runs")
    parser.add_argument(
        "--homes", type=int, default=14, help="customers in the sandbox (default: %(default)s)"
    )
    parser.add_argument(
        "--customers",
        type=int,
        default=len(people.CUSTOMERS),
        help="how many of them come to BrightGrid by themselves (default: %(default)s)",
    )
    parser.add_argument("--latency-ms", type=int, default=0, help="how slow the sandbox answers")
    parser.add_argument("--faults", action="store_true", help="let /_sandbox/ switch faults on")
    parser.add_argument("--rotate", action="store_true", help="the sandbox rotates refresh tokens")
    return parser.parse_args(arguments)


def main() -> int:
    chosen = options(sys.argv[1:])
    if not guard.is_loopback(chosen.host):
        print(f"The demonstration answers this machine only, and {chosen.host} is reachable from others.")
        return 2
    taken = stage.first_taken_port(chosen)
    if taken:
        print(f"Port {taken.port} is taken ({taken.purpose}). Free it, or choose another: {taken.option} N")
        return 2
    return supervisor.run(stage.Stage(chosen, root=ROOT))


if __name__ == "__main__":
    sys.exit(main())
