"""`make run` from the outside: it starts, it says so, and it leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
import requests

from gridshare_portal.demo import supervisor
from tests import environment
from tests import portal as portals


@pytest.fixture
def given(tmp_path):
    with portals.own_database(environment.GIVEN) as settled:
        yield {**settled, "TMPDIR": str(tmp_path)}


@pytest.fixture
def portal(tmp_path, given):
    data = tmp_path / "data"
    data.mkdir()
    running = portals.Portal(data)
    running.start(given)
    yield running
    running.stop()


def family_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def assert_gone(portal, children, folder):
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert list(folder.rglob("*.sock")) == []
    for port in (portal.port, portal.sandbox_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


class TestRunning:
    def test_says_where_it_answers_and_who_can_sign_in(self, portal):
        assert requests.get(portal.url, timeout=5).status_code == 200
        assert portal.url in portal.output()
        for name in ("ada", "ben", "cleo", "dev", "eve", "finn", "cora"):
            assert f"{name}@demo.localhost" in portal.output()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stops_all_and_leaves_nothing(self, portal, tmp_path, number):
        children = family_of(portal.process)
        assert len(children) >= 5

        portal.process.send_signal(number)

        assert portal.process.wait(30) == 0
        assert_gone(portal, children, tmp_path)

    def test_stops_all_when_one_child_dies(self, portal, tmp_path):
        children = family_of(portal.process)
        beat = next(child for child in children if "beat" in child.cmdline())

        beat.kill()

        assert portal.process.wait(30) == 1
        assert "beat ended" in portal.output()
        assert_gone(portal, children, tmp_path)

    def test_keeps_its_secrets_to_its_owner_and_out_of_the_terminal(self, portal):
        file = portal.data / "secrets.env"
        assert file.stat().st_mode & 0o077 == 0
        for value in re.findall(r"=(\S+)", file.read_text()):
            assert value not in portal.output()


class TestATakenPort:
    def test_is_named_in_one_line(self, tmp_path):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            tried = subprocess.run(
                [sys.executable, "-m", "gridshare_portal.demo", "--port", str(port), "--data", str(tmp_path)],
                capture_output=True, text=True, timeout=20,
            )  # fmt: skip

        assert tried.returncode == 2
        assert len(tried.stdout.strip().splitlines()) == 1
        assert f"Port {port} is taken" in tried.stdout
        assert tried.stderr == ""


class TestTheCompany:
    @pytest.fixture
    def company(self, tmp_path):
        company = supervisor.Company(SimpleNamespace(root=tmp_path, environment={}))
        yield company
        company.dismiss()

    def run(self, seconds=0, status=0):
        return [sys.executable, "-c", f"import sys, time; time.sleep({seconds}); sys.exit({status})"]

    def test_goes_on_when_an_errand_has_ended_well_or_not(self, company):
        for status in (0, 1):
            company.send("an errand", self.run(status=status)).wait()

        company.check()

    def test_ends_when_a_program_has_ended(self, company):
        company.start("a program", self.run()).wait()

        with pytest.raises(supervisor.Stopped, match="a program ended with status 0"):
            company.check()

    def test_takes_errands_along_when_it_ends(self, company):
        errand = company.send("an errand", self.run(seconds=60))

        company.dismiss()

        assert errand.poll() is not None

    def test_stops_at_its_next_look_and_never_within_a_signal(self, company):
        company.ask_to_stop(signal.SIGTERM, None)

        with pytest.raises(KeyboardInterrupt):
            company.check()
        with pytest.raises(KeyboardInterrupt):
            company.finish("preparing", self.run(seconds=60))
