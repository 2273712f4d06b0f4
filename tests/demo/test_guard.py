"""The demonstration must never start where somebody else could reach it."""

import os
import subprocess
import sys

import pytest

from gridshare_portal.demo import guard


class TestTheGuard:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "[::1]", "::1"])
    def test_lets_loopback_pass(self, host):
        assert guard.fault([host], "http://localhost:8000") is None

    @pytest.mark.parametrize(
        "host", ["*", "", ".localhost", "portal.example", "0.0.0.0", "192.168.1.4", "::"]
    )
    def test_refuses_every_other_host(self, host):
        fault = guard.fault(["localhost", host], "http://localhost:8000")

        assert fault is not None
        assert (host or "(empty)") in fault

    def test_refuses_a_public_address(self):
        assert "portal.example" in guard.fault(["localhost"], "https://portal.example")


class TestStarting:
    def test_django_refuses_demo_mode_for_a_public_host(self):
        environment = {**os.environ, "DEMO": "1", "ALLOWED_HOSTS": "portal.example"}

        tried = subprocess.run(
            [sys.executable, "manage.py", "check"], env=environment, capture_output=True, text=True
        )

        assert tried.returncode != 0
        assert "portal.example" in tried.stderr

    def test_the_supervisor_refuses_a_public_address(self):
        tried = subprocess.run(
            [sys.executable, "-m", "gridshare_portal.demo", "--host", "0.0.0.0"],
            capture_output=True,
            text=True,
        )

        assert tried.returncode == 2
        assert "0.0.0.0" in tried.stdout

    def test_without_demo_its_addresses_do_not_exist(self, client):
        assert client.get("/demo/").status_code == 404
        assert client.post("/demo/sign-in/", {"email": "ada@demo.localhost"}).status_code == 404
