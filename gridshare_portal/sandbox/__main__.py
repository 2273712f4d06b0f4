"""Runs the sandbox from the command line until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime

from gridshare_portal.sandbox import wsgi


def main(arguments: list[str] | None = None) -> None:
    given = vars(_parser().parse_args(arguments))
    host, port = given.pop("host"), given.pop("port")
    given["redirect_uris"] = given["redirect_uris"] or wsgi.REDIRECT_URIS
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    server, sandbox = wsgi.served(wsgi.Settings(ticking=True, **given), host=host, port=port)
    print(f"Gridshare sandbox at {sandbox.url}, issuer {sandbox.issuer}", flush=True)
    print(f"Sign in as {', '.join(c.username for c in sandbox.world.customers[:8])}", flush=True)
    server.serve_forever(0.1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gridshare_portal.sandbox", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8001, help="0 takes a free one and prints it")
    add("--homes", type=int, default=3, help="how many demo customers there are")
    add("--dialect", choices=("published", "live"), default="published")
    add("--latency-ms", type=float, default=0, help="wait before every answer")
    add("--seed", type=int, default=1)
    add("--now", type=_moment, help="the moment the sandbox's clock starts from, ISO 8601")
    add("--faults", action="store_true", help="let tests switch faults on under /_sandbox/")
    add("--state-file", help="where modes, plans, details and grants are kept over a restart")
    add("--client-id", default="demo")
    add("--client-secret", default="demo-secret")
    add("--redirect-uri", action="append", dest="redirect_uris", help="may be given more than once")
    add("--access-token-s", type=int, default=3600)
    add("--rotate", action="store_true", help="give a new refresh token with every refresh")
    add("--grace-s", type=float, default=60, help="how long a rotated refresh token still works")
    add(
        "--remember-sign-in",
        action="store_true",
        help="let a browser stay signed in for an hour, as the real login does: connecting again then asks "
        "nothing until /logout. Without it the sign-in page always comes, so that persons can be changed",
    )
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
