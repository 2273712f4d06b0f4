"""Addresses of other programs, as somebody writes them into the settings."""

import os
import subprocess
import sys

import pytest

from gridshare_portal.outbound import addresses
from tests import gate

GOOD = [
    "https://portal.example",
    "https://portal.example:8443/pool/eu_1",
    "http://localhost:8000",
    "http://127.0.0.1:9",
    "http://127.8.9.10",
    "http://[::1]:9/pool",
    "HTTPS://PORTAL.example/",
]
BAD = {
    "http://portal.example": addresses.NOT_ENCRYPTED,
    "http://localhost.portal.example": addresses.NOT_ENCRYPTED,
    "http://127.0.0.1.example": addresses.NOT_ENCRYPTED,
    "http://10.0.0.1": addresses.NOT_ENCRYPTED,
    "http://0.0.0.0": addresses.NOT_ENCRYPTED,
    "http://[::2]": addresses.NOT_ENCRYPTED,
    "https://me@portal.example": addresses.TOO_MUCH,
    "https://me:word@portal.example": addresses.TOO_MUCH,
    "https://localhost@portal.example": addresses.TOO_MUCH,
    "https://portal.example/?a=b": addresses.TOO_MUCH,
    "https://portal.example/?": addresses.TOO_MUCH,
    "https://portal.example/#a": addresses.TOO_MUCH,
    "portal.example": addresses.NOT_AN_ADDRESS,
    "//portal.example": addresses.NOT_AN_ADDRESS,
    "ftp://portal.example": addresses.NOT_AN_ADDRESS,
    "file:///etc/passwd": addresses.NOT_AN_ADDRESS,
    "https://": addresses.NOT_AN_ADDRESS,
    "https://portal.example:port": addresses.NOT_AN_ADDRESS,
    "https://[portal": addresses.NOT_AN_ADDRESS,
    " https://portal.example": addresses.NOT_AN_ADDRESS,
    "https://portal.example\n": addresses.NOT_AN_ADDRESS,
    "": addresses.NOT_AN_ADDRESS,
}


class TestAnAddress:
    @pytest.mark.parametrize("url", GOOD)
    def test_that_is_encrypted_or_of_this_machine_is_taken(self, url):
        assert addresses.fault(url) is None

    @pytest.mark.parametrize(("url", "words"), BAD.items())
    def test_that_is_not_is_refused_with_what_is_wrong(self, url, words):
        assert addresses.fault(url) == words

    def test_of_reports_may_name_a_key_and_no_password(self):
        assert addresses.fault("https://key@reports.example/1", may_name_a_key=True) is None
        assert (
            addresses.fault("https://key:word@reports.example/1", may_name_a_key=True) == addresses.TOO_MUCH
        )
        assert addresses.fault("http://key@reports.example/1", may_name_a_key=True) == addresses.NOT_ENCRYPTED


class TestThePortal:
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("GRIDSHARE_URL", "http://gridshare.example", addresses.NOT_ENCRYPTED),
            ("LUNAR_LOGIN_URL", "http://login.example", addresses.NOT_ENCRYPTED),
            ("LUNAR_ISSUER", "https://issuer.example/pool?x=planted", addresses.TOO_MUCH),
            ("PUBLIC_URL", "http://portal.example", addresses.NOT_ENCRYPTED),
            ("SENTRY_DSN", "https://key:planted@reports.example/1", addresses.TOO_MUCH),
        ],
    )
    def test_does_not_start_with_one_that_is_not(self, name, value, words):
        environment = {**os.environ, **gate.PRODUCTION, name: value}
        started = subprocess.run(
            [sys.executable, "-c", "import gridshare_portal.settings"],
            env=environment,
            capture_output=True,
            text=True,
        )

        assert started.returncode == 1
        assert started.stderr.strip().endswith(f"ImproperlyConfigured: {name} {words}")
        assert "planted" not in started.stderr
