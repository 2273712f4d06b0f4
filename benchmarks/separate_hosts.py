"""Two web, three worker and one beat process on hosts of their own, of which one after the other is cut off.

    .venv/bin/python -m benchmarks.separate_hosts [--seconds 60] [--homes 150] [--cut web-1 worker-1 beat]

Each program of the Procfile runs in a network namespace; one PostgreSQL, one Redis, nginx and the pretended
Lunar stand beside them. People read and write all the time, homes are read and tokens refreshed all the
time. Then one host after the other loses its cable for a minute: nobody is told, packets are just gone.
Prints what people were answered meanwhile; in the end, all readings are compared with the pretended Lunar's
truth, all writes with what its devices took, and every connection is used. Ends with 1 if anything is
missing, twice or untrue, and with 2 where this machine cannot make networks.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import network, programs
from gridshare_portal.demo import stage
from tests import portal as portals
from tests.faults import afterwards, checker, databases, deployment, load, nemesis
from tests.faults.history import SILENCE, Answer, Window

WEB, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2", "worker-3")
HOSTS = (*WEB, *WORKERS, "beat")
NAMED = 6  # of the cast, of whom none is like another
AROUND_S = 20.0  # before and after each cut
SLOW_S = 5.0
SAID = ("answers", "sessions")  # checks whose findings nginx has a part in: told, not judged
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit; worker_processes 1; user root;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream portal {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://portal; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host:{port}; proxy_connect_timeout 2s; proxy_read_timeout 20s;
      proxy_next_upstream error timeout; error_page 502 504 =503 /away;
    }}
    location = /away {{ internal; add_header Retry-After 10 always; return 503; }}
  }}
}}
"""


class Hosts(deployment.Deployment):
    """The portal's programs, each on its host; the rest is where this program is."""

    def __init__(self, folder: Path, database: databases.Postgres, net: network.Network, homes: int) -> None:
        super().__init__(folder, database)
        self.net, self.homes, self.redis_port = net, homes, portals.free_port()
        self.environment |= {
            "REDIS_URL": f"redis://{network.OWN}:{self.redis_port}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "WEB_WORKERS": "1",
            "WORKERS": "1",
        }
        self.told = folder / "lunar.json"
        self.commands = {
            "Redis": [
                *(stage.redis_binary(), "--bind", network.OWN, "--port", str(self.redis_port)),
                *("--protected-mode", "no", "--dir", str(folder), "--save", "", "--appendonly", "no"),
            ],
            "Lunar": programs.pretender(
                self.told,
                days=4,
                port=self.lunar_port,
                homes=homes + NAMED,
                rotate=True,
                latency_ms=deployment.LATENCY_MS,
                client_secret=deployment.SECRETS["LUNAR_CLIENT_SECRET"],
                redirect_uris=[f"{self.url}/accounts/lunar/login/callback/"],
            ),
            "relay": self._relay(network.OWN, "127.0.0.1"),
            "nginx": [shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        }
        for name in HOSTS:
            settings = self.environment | {"WEB_HOST": net.addresses[name], "PORT": "8000"}
            program = deployment.procfile(name.partition("-")[0], settings)
            self.commands[name] = net.within(name, program)
            self.commands[f"relay of {name}"] = net.within(name, self._relay("127.0.0.1", network.OWN))

    def gather(self) -> dict[str, str]:
        """Start everything on an empty database with homes; return each person's session."""
        servers = " ".join(
            f"server {self.net.addresses[name]}:8000 max_fails=1 fail_timeout=5s;" for name in WEB
        )
        conf = NGINX.format(folder=self.folder, port=self.port, servers=servers)
        (self.folder / "nginx.conf").write_text(conf)
        self.database.start()
        self.start("Redis", "Lunar", "relay")
        said: dict[str, str] = self.inside("prepare")
        self.until(self.told.exists, "the pretended Lunar")
        self.start("nginx", *(f"relay of {name}" for name in HOSTS), *HOSTS)
        self.until(lambda: self.is_up("/healthz"), "the web servers to answer")
        return said

    def ask_inside(self, what: str, *given: str) -> Any:
        """Ask the portal's own code something, in a program that has its settings."""
        command = [sys.executable, "-m", "benchmarks.hosts_inside", what, str(self.told), *given]
        ran = subprocess.run(
            command, cwd=deployment.ROOT, env=self.environment, capture_output=True, text=True, timeout=600
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
        return json.loads(ran.stdout.splitlines()[-1])

    def _relay(self, listening: str, to: str) -> list[str]:
        port = str(self.lunar_port)
        return [sys.executable, "-m", "benchmarks.network", listening, port, to, port]


def main() -> None:
    """Cut hosts off one after the other, and say what became of readings, writes, tokens and people."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for which each host is cut off")
    parser.add_argument("--homes", type=int, default=150, help="beside those of people who use the portal")
    parser.add_argument("--cut", nargs="+", choices=HOSTS, default=["web-1", "worker-1", "beat"])
    given = parser.parse_args()
    missing = [name for name in ("nginx", "initdb") if not (shutil.which(name) or databases.bin_of(name))]
    try:
        if missing:
            raise network.NotPossible(f"not on this machine: {', '.join(missing)}")
        with network.Network(HOSTS) as net:
            faults = trial(net, given.cut, given.seconds, given.homes)
    except network.NotPossible as why:
        print(f"not tried: {why}")
        sys.exit(2)
    print("\n".join(faults) if faults else "nothing lost, nothing twice")
    sys.exit(bool(faults))


def trial(net: network.Network, cut: list[str], seconds: float, homes: int) -> list[str]:
    """Live through the cuts, and return what is wrong afterwards."""
    with running(net, homes) as stand:
        portal: Hosts = stand.portal  # type: ignore[assignment]
        lasts_s = len(cut) * (seconds + 2 * AROUND_S)
        print(
            f"{portal.ask_inside('spread', str(lasts_s))} homes are read and their tokens refreshed",
            flush=True,
        )
        time.sleep(AROUND_S)
        tell("in peace", stand.people.noted)
        for name in cut:
            live_through(stand, net, name, seconds)
        stand.wait_for_worker()
        stand.people.stop()
        portal.ask_inside("due")
        portal.until(lambda: not portal.ask_inside("left"), "every home to be read", within_s=300)
        found = portal.ask_inside("compare")
        print(f"readings: {found['buckets']:,} values of {found['sensors']} sensors, ", end="")
        print(f"{found['other']} other than Lunar says, {found['unknown']} not known")
        told = afterwards.history(stand, logs=HOSTS)
        refreshed = portal.ask_lunar("GET", "calls")["oauthToken"]
        print(
            f"tokens: {refreshed} asked for, {len(told.refused)} of {found['connections']} connections lost"
        )
        print(f"writes: {len(told.changes)} changes, {len(told.taken)} taken by devices")
        wrong = [
            f"{name}: {one}"
            for name in checker.CHECKS
            if name not in SAID
            for one in checker.CHECKS[name](told)
        ]
        if found["other"] or found["unknown"] or found["sensors"] != 3 * homes:
            wrong.append(f"readings: {found}")
        return wrong + [f"{who} was signed out" for who in told.signed_out]


def live_through(stand: nemesis.Stand, net: network.Network, name: str, seconds: float) -> None:
    """Take a host's cable out for a while, and print what people were answered until all was well again."""
    began, since = time.time(), len(stand.people.noted)
    net.cut(name)
    time.sleep(seconds)
    net.mend(name)
    stand.wait_until_well()
    mended = time.time()
    stand.windows.append(Window(fault=f"{name} cut off", began=began, ended=mended))
    time.sleep(AROUND_S)
    tell(f"{name} cut off for {seconds:.0f} s", stand.people.noted[since:])


def tell(name: str, answers: list[Answer]) -> None:
    """Print a line: answers by status, how long they took, and what was not answered as it should be."""
    took = sorted(one.ended - one.began for one in answers)
    statuses = Counter(one.status for one in answers)
    told = ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(statuses.items()))
    slow = sum(one > SLOW_S for one in took)
    print(
        f"{name:26}{len(answers):5} answers  {told};  median {took[len(took) // 2] * 1000:.0f} ms, ", end=""
    )
    print(f"longest {took[-1]:.1f} s, {slow} over {SLOW_S:.0f} s", flush=True)
    for one in answers:
        if one.status >= 500 or one.status == SILENCE:
            print(f"    {one.status or 'none'} after {one.ended - one.began:.1f} s: {one.method} {one.path}")


@contextlib.contextmanager
def running(net: network.Network, homes: int) -> Iterator[nemesis.Stand]:
    """Run it all, with people in it."""
    with tempfile.TemporaryDirectory(prefix="hosts-") as folder:
        database = databases.Postgres(room="1g", host=network.OWN)
        portal = Hosts(Path(folder), database, net, homes)
        try:
            people = load.Load(portal.url, portal.gather(), Path(folder) / "mail", seed=1)
            people.connect()
            portal.until(people.find_homes, "everybody's home")
            portal.inside("share")
            people.begin()
            yield nemesis.Stand(portal=portal, people=people)
        finally:
            with contextlib.suppress(UnboundLocalError):
                people.ends.set()
            portal.dismiss()


if __name__ == "__main__":
    main()
