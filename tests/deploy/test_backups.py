"""Backups of either database, and back from them: with keys that lay elsewhere, or without."""

import csv
import io
import json
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from gridshare_portal.lunar import models as lunar
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.upkeep import backups, databases, manifest
from tests import people
from tests.databases import pointed_at
from tests.environment import KEY

OTHER = "b3RoZXIga2V5LCBvdGhlciBrZXksIG90aGVyIGtleSE="
pytestmark = pytest.mark.usefixtures("leaves_work_lying")


@pytest.fixture
def leaves_work_lying(settings):
    """No page of these tests asks Lunar: what is due stays due."""
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture
def signed_in(taken_over, other_databases, django_db_blocker):
    """Ada, at work in the database that is backed up: a copy, which these tests have for themselves."""
    with other_databases(like=taken_over[0]) as name, django_db_blocker.unblock(), pointed_at(name):
        ada = people.known("ada@portal.example")
        ada.sign_in()
        yield ada


@pytest.fixture
def backup(signed_in, tmp_path):
    call_command("backup", str(tmp_path / "kept"), stdout=io.StringIO())
    return next((tmp_path / "kept").glob("portal-*"))


@pytest.fixture
def elsewhere(backup, other_databases, django_db_blocker):
    """Another machine: an empty database, and nothing but the backup."""
    with other_databases() as name, django_db_blocker.unblock(), pointed_at(name):
        yield backup


def contents(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())


class TestABackup:
    def test_holds_a_copy_and_what_it_is_and_no_key(self, backup):
        assert {one.name for one in backup.iterdir()} == {
            manifest.FILE,
            databases.NAMES[connection.vendor],
        }
        for key in (settings.SECRET_KEY, KEY, settings.LUNAR_CLIENT_SECRET):
            assert key.encode() not in contents(backup)
        known = json.loads((backup / manifest.FILE).read_text())
        assert known["token_keys"] == manifest.fingerprints([KEY])
        assert known["migrations"] == manifest.heads()

    def test_is_for_its_owner_alone(self, backup):
        assert {stat.S_IMODE(one.stat().st_mode) & 0o077 for one in (backup, backup.parent)} == {0}

    def test_is_there_as_a_whole_or_not_at_all(self, signed_in, tmp_path, monkeypatch):
        def full(_folder, _manifest):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(manifest, "write", full)
        with pytest.raises(OSError, match="No space"):
            backups.save(tmp_path / "kept", keep=None, now=timezone.now())

        assert [one.name for one in (tmp_path / "kept").iterdir()] == [".lock"]

    def test_is_not_written_where_keys_lie(self, signed_in, tmp_path):
        (tmp_path / "portal.env").write_text(f"TOKEN_KEYS={KEY}\n")

        for folder in (tmp_path, tmp_path / "kept"):
            with pytest.raises(CommandError, match="holds the portal's keys"):
                call_command("backup", str(folder))
        assert list(tmp_path.glob("**/portal-*")) == []

    def test_leaves_the_newest_and_takes_the_oldest_away(self, signed_in, tmp_path):
        now = timezone.now()
        made = [backups.save(tmp_path / "kept", keep=2, now=now + timedelta(days=day)) for day in range(3)]

        assert sorted((tmp_path / "kept").glob("portal-*")) == made[1:]

    def test_says_what_is_missing_on_the_machine(self, signed_in, tmp_path, monkeypatch):
        if connection.vendor != "postgresql":
            pytest.skip("SQLite needs no other program")
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CommandError, match="Install PostgreSQL's client programs"):
            call_command("backup", str(tmp_path / "kept"))


class TestRestored:
    def test_a_home_opens_with_its_readings_and_its_token(self, elsewhere, capsys):
        call_command("restore", str(elsewhere))

        ada = people.known("ada@portal.example")
        assert ada.get("/homes/", follow=True).status_code == 200
        newest = telemetry.Day.objects.filter(sensor__site=ada.site, known_count__gt=50).latest("day").day
        history = ada.get(f"/homes/{ada.site.synth_id}/history.csv", {"day": newest.isoformat()})
        rows = list(csv.DictReader(io.TextIOWrapper(io.BytesIO(b"".join(history.streaming_content)))))
        assert len([row for row in rows if row["Home use (W)"]]) > 50
        assert ada.connection.access_token() == "made-up access token"
        assert "is restored" in capsys.readouterr().out

    def test_nobody_is_signed_in_by_what_was_backed_up(self, signed_in, elsewhere):
        call_command("restore", str(elsewhere))

        assert signed_in.get("/connection/").status_code == 302
        assert not Session.objects.exists()

    def test_new_rows_get_new_numbers(self, elsewhere):
        call_command("restore", str(elsewhere))
        last = lunar.Outage.objects.order_by("pk").last()

        assert people.person("new@portal.example").pk > last.pk > 0

    def test_it_needs_its_keys_and_says_which(self, elsewhere, settings):
        settings.TOKEN_KEYS = [OTHER]
        with pytest.raises(CommandError, match=f"TOKEN_KEYS lacks the key {manifest.fingerprints([KEY])[0]}"):
            call_command("restore", str(elsewhere))
        assert databases.is_empty()

        settings.TOKEN_KEYS = [OTHER, KEY]
        call_command("restore", str(elsewhere), "--check")
        assert databases.is_empty()

    def test_without_its_keys_the_rest_is_there(self, elsewhere, settings):
        settings.TOKEN_KEYS = [OTHER]
        call_command("restore", str(elsewhere), "--without-keys")
        ada = people.known("ada@portal.example")

        assert ada.get(f"/homes/{ada.site.synth_id}/").status_code == 200

    def test_nothing_that_is_there_is_lost(self, backup):
        with pytest.raises(CommandError, match="not empty"):
            call_command("restore", str(backup))

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("vendor", "oracle", "This backup is of oracle"),
            (
                "migrations",
                {"lunar": ["0999_of_tomorrow"]},
                "made by a newer portal .*lunar.0999_of_tomorrow",
            ),
            ("sha256", "0" * 64, "missing or damaged"),
            ("bytes", 1, "missing or damaged"),
            ("format", 2, "does not understand"),
        ],
    )
    def test_what_does_not_fit_is_refused_in_a_sentence(self, elsewhere, tmp_path, field, value, said):
        other = Path(shutil.copytree(elsewhere, tmp_path / "other"))
        known = json.loads((other / manifest.FILE).read_text())
        (other / manifest.FILE).write_text(json.dumps({**known, field: value}))

        with pytest.raises(CommandError, match=said):
            call_command("restore", str(other))
        assert databases.is_empty()

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', "\0"])
    def test_what_is_no_backup_is_refused_in_a_sentence(self, tmp_path, text):
        (tmp_path / manifest.FILE).write_text(text)

        with pytest.raises(manifest.Unreadable):
            manifest.read(tmp_path)
