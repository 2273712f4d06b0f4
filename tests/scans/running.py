"""The portal as it runs in production, over TLS, with one signed-in browser for each role; and the flawed site.

Settings are those of a server, but for limits (unlimited.py). The programs are those of the Procfile; granian
ends TLS itself, with a certificate by an authority that is made for this run. The pretended Lunar answers in
this process, on loopback.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gridshare_portal.demo import supervisor
from gridshare_portal.sandbox import wsgi
from tests import gate
from tests.deploy.proxy import SIGNS_CERTIFICATES
from tests.scans.planted import server

HOST = "127.0.0.1"
PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site that is scanned, the authority that vouches for it, and who is signed in at it."""

    url: str
    authority: Path
    folder: Path
    sessions: dict[str, str]  # by role the session cookie's value; a visitor has none
    starts: dict[str, list[str]]  # by role where to begin
    log: Path | None = None

    @property
    def place(self) -> str:
        return self.url.removeprefix("https://")


@contextmanager
def portal(folder: Path) -> Iterator[Site]:
    """Start the portal from an empty database, or from the one that DATABASE_URL names."""
    certificate, key, authority = _certificates(folder)
    port = _free_port()
    url = f"https://{HOST}:{port}"
    callback = f"{url}/accounts/lunar/login/callback/"
    with wsgi.running(homes=6, redirect_uris=[callback]) as lunar:
        os.environ.update(_environment(url, folder, lunar))
        from tests import environment  # reads the surroundings when it is loaded

        environment.prepare()
        _run("release", wait=True)
        sessions, starts = _people(lunar)
        log = folder / "portal.log"
        tls = f" --ssl-certificate {certificate} --ssl-keyfile {key}"
        web = _run("web", tls, port=port, log=log)
        try:
            _wait(url, authority, web, log)
            known = {"sessions": sessions, "starts": starts, "log": log}
            yield Site(url=url, authority=authority, folder=folder, **known)
        finally:
            os.killpg(web.pid, signal.SIGTERM)
            try:
                web.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(web.pid, signal.SIGKILL)


@contextmanager
def flawed(beside: Site) -> Iterator[Site]:
    """Serve the flawed site with the same certificate."""
    folder = beside.folder / "planted"
    folder.mkdir()
    pair = {"certificate": beside.folder / "certificate.pem", "key": beside.folder / "key.pem"}
    with server.served(folder, **pair) as url:
        none: dict[str, str] = {}
        yield Site(url=url, authority=beside.authority, folder=folder, sessions=none, starts={"": ["/"]})


def _environment(url: str, folder: Path, lunar: wsgi.Sandbox) -> dict[str, str]:
    return {
        **gate.PRODUCTION,
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_URL": url,
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}"),
        "REDIS_URL": _redis(),
        "LUNAR_LOGIN_URL": lunar.url,
        "LUNAR_ISSUER": lunar.issuer,
        "LUNAR_CLIENT_ID": lunar.client_id,
        "LUNAR_CLIENT_SECRET": lunar.client_secret,
        "GRIDSHARE_URL": lunar.url,
        "EMAIL_URL": "dummymail://",
        "LOG_LEVEL": "WARNING",
        "TASKS_IN_PLACE": "0",
        "DJANGO_SETTINGS_MODULE": "tests.scans.unlimited",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def _redis() -> str:
    if "REDIS_URL" in os.environ:
        return os.environ["REDIS_URL"]
    os.environ["REDIS_URL"] = "unix:///nonexistent"  # until there is one: else loading it starts another
    from tests import environment

    return environment.start_redis()


def _run(name: str, more: str = "", *, wait: bool = False, port: int = 0, log: Path | None = None):
    """Start a program as the Procfile says."""
    commands = dict(line.split(": ", 1) for line in (gate.ROOT / "Procfile").read_text().splitlines() if line)
    command = commands[name] + more
    given = {**os.environ, "PORT": str(port)}
    given.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # of this process alone
    if name == "web":
        command = f"exec {command.replace('--host 0.0.0.0', f'--host {HOST}')}"
    with open(log or os.devnull, "ab") as out:
        child = subprocess.Popen(
            ["sh", "-c", command],
            cwd=gate.ROOT,
            env=given,
            stdout=out,
            stderr=out if log else None,
            start_new_session=True,
            preexec_fn=supervisor.end_with_parent if sys.platform == "linux" else None,
        )
    if wait and child.wait() != 0:
        raise SystemExit(f"{name} failed")
    return child


def _wait(url: str, authority: Path, web: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and web.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(f"{url}/readyz", verify=str(authority), timeout=5).ok:
                return
        time.sleep(0.2)
    raise SystemExit(f"the portal did not start:\n{log.read_text()[-3000:]}")


def _people(lunar: wsgi.Sandbox) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Sign everybody in; return by role the session and where to begin."""
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from gridshare_portal.access import visits
    from gridshare_portal.sites.models import Device
    from tests import people

    ada = people.with_home("ada@portal.example", "ada", sandbox=lunar)
    sunfix, brightgrid = (
        people.organization("installer", "SunFix"),
        people.organization("retailer", "BrightGrid"),
    )
    people.share(ada.site, sunfix, ada.user)
    people.share(ada.site, brightgrid, ada.user)
    boss = people.staff("boss@portal.example", sunfix, "viewer")
    boss.user.is_staff = boss.user.is_superuser = True
    boss.user.save()
    roles = {
        "homeowner": ada,
        "installer": people.staff("ines@sunfix.example", sunfix, "operator"),
        "installer's admin": people.staff("igor@sunfix.example", sunfix, "admin"),
        "retailer's admin": people.staff("rita@brightgrid.example", brightgrid, "admin"),
        "operator": boss,
    }
    for one in (roles["installer"], roles["installer's admin"], roles["retailer's admin"]):
        now = timezone.now()
        visits.open(user=one.user, site=ada.site, organization=one.organization, reason="asked", now=now)
    home, device = f"/homes/{ada.site.synth_id}/", Device.objects.filter(site=ada.site).first()
    of_home = [home, f"{home}history/", f"{home}devices/", f"{home}control/", f"/devices/{device.synth_id}/"]
    starts = {
        "visitor": ["/", "/accounts/login/", "/accounts/signup/", "/connect/", "/organizations/rights/"],
        "homeowner": [*of_home, "/homes/", "/connection/", "/sharing/", "/accounts/email/", "/accounts/2fa/"],
        "installer": ["/support/sunfix/", "/support/sunfix/search/", f"/support/sunfix{home}", *of_home],
        "installer's admin": ["/support/sunfix/", "/organizations/sunfix/", *of_home],
        "retailer's admin": [
            "/portfolio/brightgrid/",
            "/portfolio/brightgrid/homes/",
            "/portfolio/brightgrid/runs/",
        ],
        "operator": ["/admin/", "/admin/accounts/user/", "/admin/health/"],
    }
    name = settings.SESSION_COOKIE_NAME
    return {role: one.cookies[name].value for role, one in roles.items()}, starts


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Write a certificate for this host, its key, and the authority that signed it, for one day."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "The scans' authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)

    def sign(
        name: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(signer, critical=False)
        )
        if name is authority:
            made = made.add_extension(SIGNS_CERTIFICATES, critical=True)
        return made.sign(authority_key, hashes.SHA256())

    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    root = x509.BasicConstraints(ca=True, path_length=0)
    kept = {
        "certificate.pem": sign(subject, key.public_key(), names).public_bytes(serialization.Encoding.PEM),
        "authority.pem": sign(authority, authority_key.public_key(), root).public_bytes(
            serialization.Encoding.PEM
        ),
        "key.pem": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    return folder / "certificate.pem", folder / "key.pem", folder / "authority.pem"


def _free_port() -> int:
    from socket import socket

    with socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
