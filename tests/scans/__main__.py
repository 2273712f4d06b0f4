"""`python -m tests.scans`, also `make check-security`: scanners of source and of the running portal.

Each scanner is first shown what was planted for it, in this same run. The exit status is 0 only if every
scanner found all of that and nothing in the portal. Names of scanners as arguments run these alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.scans import running, source, verdicts, web

OF_SOURCE = {"bandit": source.bandit, "semgrep": source.semgrep}
OF_THE_PORTAL = {"wapiti": web.wapiti, "observatory": web.observatory}


def main(names: list[str]) -> int:
    """Run the scanners of these names, or all of them."""
    began_s = time.monotonic()
    chosen = names or [*OF_SOURCE, *OF_THE_PORTAL]
    unknown = set(chosen) - {*OF_SOURCE, *OF_THE_PORTAL}
    if unknown:
        print(f"no such scanner: {', '.join(sorted(unknown))}")
        return 2
    found = [scan() for name, scan in OF_SOURCE.items() if name in chosen]
    if set(chosen) & set(OF_THE_PORTAL):
        with (
            tempfile.TemporaryDirectory(prefix="portal-scans-") as folder,
            running.portal(Path(folder)) as portal,
            running.flawed(portal) as flawed,
        ):
            for name, scan_site in OF_THE_PORTAL.items():
                found += scan_site(portal, flawed) if name in chosen else []
    print(verdicts.table(found))
    print(f"{time.monotonic() - began_s:.0f} s")
    return int(not all(one.holds for one in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
