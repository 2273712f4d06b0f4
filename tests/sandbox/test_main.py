import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from gridshare_portal.sandbox import __main__, wsgi


@pytest.fixture
def started(tmp_path):
    """Start the sandbox as a program; return its address."""
    children = []

    def start(*arguments):
        command = [sys.executable, "-m", "gridshare_portal.sandbox", "--port", "0", *arguments]
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        children.append(child)
        return child, child.stdout.readline().split(" at ")[1].split(",")[0]

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


class TestTheProgram:
    def test_serves_as_told_and_ends_at_once_on_sigterm(self, started, tmp_path):
        now = ("--now", "2026-03-01T12:00:00Z")
        child, url = started(
            "--homes",
            "2",
            "--dialect",
            "live",
            "--faults",
            "--seed",
            "3",
            *now,
            "--state-file",
            str(tmp_path / "s"),
        )

        assert "value=\"ben\"" in requests.get(
            f"{url}/oauth2/authorize",
            params={"client_id": "demo", "response_type": "code", "redirect_uri": "http://localhost:8000/accounts/lunar/login/callback/"},
            timeout=5,
        ).text  # fmt: skip
        assert requests.get(f"{url}/_sandbox/clock", timeout=5).json()["now"].startswith("2026-03-01T12:00:")
        assert set(requests.get(f"{url}/_sandbox/homes", timeout=5).json()) == {"ada", "cora", "ben"}
        assert requests.get(f"{url}/_sandbox/accepted", timeout=5).json() == {}
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=5) == 0
        assert time.monotonic() - began < 2

    @pytest.mark.parametrize(("switch", "status"), [((), 200), (("--remember-sign-in",), 302)])
    def test_remembers_a_browser_only_when_told(self, switch, status, started):
        _, url = started(*switch)
        sent = {"client_id": "demo", "response_type": "code", "redirect_uri": wsgi.REDIRECT_URIS[0]}
        with requests.Session() as browser:
            chosen = sent | {"username": "ada", "granted": "lunar/device.read"}
            browser.post(f"{url}/login", data=chosen, allow_redirects=False, timeout=5)
            again = browser.get(f"{url}/oauth2/authorize", params=sent, allow_redirects=False, timeout=5)

        assert again.status_code == status

    def test_explains_its_switches(self, capsys):
        with pytest.raises(SystemExit):
            __main__.main(["--help"])

        told = " ".join(capsys.readouterr().out.split())
        assert "--remember-sign-in let a browser stay signed in for an hour" in told

    def test_says_in_one_line_that_a_port_is_taken(self, started):
        _, url = started()
        command = [sys.executable, "-m", "gridshare_portal.sandbox", "--port", url.rsplit(":", 1)[1]]
        second = subprocess.run(command, capture_output=True, text=True, timeout=20)

        assert second.returncode == 1
        assert url.rsplit(":", 1)[1] in second.stderr
        assert "Traceback" not in second.stderr
