"""The supervisor: what it refuses to start, and how it minds the programs that it started."""

import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gridshare_portal.demo import stage, supervisor


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
        company = supervisor.Programs(SimpleNamespace(root=tmp_path, environment={}))
        yield company
        company.dismiss()

    def run(self, seconds=0, status=0):
        return [sys.executable, "-c", f"import sys, time; time.sleep({seconds}); sys.exit({status})"]

    def test_goes_on_when_a_program_has_ended_well_or_not(self, company):
        for status in (0, 1):
            company.send("an execution", self.run(status=status)).wait()

        company.check()

    def test_ends_when_a_program_has_ended(self, company):
        company.start("a program", self.run()).wait()

        with pytest.raises(supervisor.Stopped, match="a program ended with status 0"):
            company.check()

    def test_takes_errands_along_when_it_ends(self, company):
        execution = company.send("an execution", self.run(seconds=60))

        company.dismiss()

        assert execution.poll() is not None

    def test_stops_at_its_next_look_and_never_within_a_signal(self, company):
        company.request_stop(signal.SIGTERM, None)

        with pytest.raises(KeyboardInterrupt):
            company.check()
        with pytest.raises(KeyboardInterrupt):
            company.finish("preparing", self.run(seconds=60))


class TestASecondStart:
    @pytest.fixture
    def started(self, tmp_path):
        for name, text in {
            "requirements.txt": "Django",
            "gridshare_portal/sites/migrations/0001.py": "first",
            "data/portal.sqlite3": "",
        }.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    def stage(self, root, **surroundings):
        chosen = SimpleNamespace(data=root / "data", port=1, sandbox_port=2, host="127.0.0.1")
        return stage.Stage(chosen, root=root, surroundings=surroundings)

    def test_need_not_wait_where_nothing_is_to_be_migrated(self, started):
        assert not self.stage(started).is_prepared()
        self.stage(started).note_prepared()

        assert self.stage(started).is_prepared()

    @pytest.mark.parametrize("changed", ["requirements.txt", "gridshare_portal/sites/migrations/0001.py"])
    def test_waits_after_an_update(self, started, changed):
        self.stage(started).note_prepared()
        (started / changed).write_text("another")

        assert not self.stage(started).is_prepared()

    def test_waits_where_the_database_is_gone_or_another(self, started):
        self.stage(started).note_prepared()

        assert not self.stage(started, DATABASE_URL="postgres://elsewhere").is_prepared()
        (started / "data/portal.sqlite3").unlink()
        assert not self.stage(started).is_prepared()
