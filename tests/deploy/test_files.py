"""The files under deploy/ say what the Procfile, the settings and the portal's own bounds say: nothing drifts."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tomllib

import pytest
from django.conf import settings

import gridshare_portal
from gridshare_portal import asgi
from tests.deploy import files

PROGRAMS = ("web", "worker", "beat")
UNITS = [f"portal-{name}.service" for name in (*PROGRAMS, "release", "backup")]
NGINX = (files.DEPLOY / "nginx.conf").read_text()
CONTAINERFILE = (files.DEPLOY / "Containerfile").read_text()
EXACT = re.compile(r"docker\.io/[\w/.-]+:\d+\.\d+(\.\d+)?-\w+[\w.-]*")
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "SystemCallFilter": "@system-service",
}


def must_be_set():
    example = (files.ROOT / ".env.example").read_text().partition("# --- may be set")[0]
    return set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


class TestUnits:
    @pytest.mark.parametrize("name", PROGRAMS)
    def test_start_what_the_procfile_names(self, name):
        command, unit = files.procfile()[name], files.unit(f"portal-{name}.service")

        assert [files.as_words(one) for one in unit["ExecStart"]] == [files.as_words(command)]

    @pytest.mark.parametrize("name", PROGRAMS)
    def test_know_each_variable_without_a_file_of_settings(self, name):
        command, unit = files.procfile()[name], files.unit(f"portal-{name}.service")
        behind_the_proxy = {"WEB_HOST": "127.0.0.1"} if name == "web" else {}

        assert files.surroundings(unit) == files.defaults(command) | behind_the_proxy

    def test_release_as_the_procfile_does(self):
        steps = files.procfile()["release"].split(" && ")

        assert [files.as_words(one) for one in files.unit("portal-release.service")["ExecStart"]] == [
            files.as_words(one) for one in steps
        ]

    @pytest.mark.parametrize("name", PROGRAMS)
    def test_come_back_and_have_time_to_end(self, name):
        unit = files.unit(f"portal-{name}.service")

        assert unit["Restart"] == ["always"] and unit["StartLimitIntervalSec"] == ["0"]
        assert unit["KillMode"] == ["mixed"] and unit["PartOf"] == ["portal.target"]
        longest = {"web": 30, "worker": settings.CELERY_TASK_TIME_LIMIT + 5, "beat": 5}[name]
        assert int(unit["TimeoutStopSec"][0]) > longest

    @pytest.mark.parametrize("name", UNITS)
    def test_may_do_little(self, name):
        unit = files.unit(name)

        assert {key: unit.get(key, [None])[0] for key in HARDENED} == HARDENED
        assert unit["User"] == ["portal"] and unit["EnvironmentFile"] == ["/etc/portal/portal.env"]

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
    def test_are_understood_by_systemd(self, tmp_path):
        for path in (files.DEPLOY / "systemd").iterdir():
            text = re.sub(r"/opt/portal/\.venv/bin/\w+", "/bin/true", path.read_text())
            (tmp_path / path.name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
        verify = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
        said = subprocess.run(verify, capture_output=True, text=True)

        assert [line for line in said.stderr.splitlines() if "portal" in line] == []


class TestContainers:
    def test_start_what_the_procfile_names(self):
        image = json.loads(re.search(r"^CMD (\[.+\])$", CONTAINERFILE, re.MULTILINE)[1])

        assert image[:2] == ["sh", "-c"] and image[2].removeprefix("exec ") == files.procfile()["web"]
        assert files.in_container("web") is None
        for name in ("worker", "beat"):
            assert files.in_container(name) == files.as_words(files.procfile()[name]), name

    def test_leave_no_step_of_the_release_out(self):
        collect, *rest = files.procfile()["release"].split(" && ")

        assert f".venv/bin/{collect}" in CONTAINERFILE
        assert files.in_container("release") == files.as_words(" && ".join(rest))

    def test_are_of_exact_versions(self):
        based_on = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
        foreign = [one["image"] for one in files.compose()["services"].values() if "build" not in one]

        assert len(based_on) == 2 and len(foreign) == 3
        assert [image for image in [*based_on, *foreign] if not EXACT.fullmatch(image)] == []

    def test_run_as_nobody_in_particular_and_install_by_hashes(self):
        assert re.findall(r"^USER (\d+)$", CONTAINERFILE, re.MULTILINE) == ["10001"]
        assert "--require-hashes" in CONTAINERFILE
        for name, one in files.compose()["services"].items():
            if "build" in one:
                assert one["user"] == "10001:10001" and one["read_only"] and one["cap_drop"] == ["ALL"], name

    def test_bring_a_pg_dump_as_new_as_their_server(self):
        client = re.search(r"postgresql-client-(\d+)", CONTAINERFILE)[1]

        assert files.compose()["services"]["postgres"]["image"].split(":")[1].startswith(f"{client}.")

    def test_are_given_only_what_the_image_copies(self):
        let_in = re.findall(r"^!(\S+)", (files.ROOT / ".dockerignore").read_text(), re.MULTILINE)
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)

        assert set(" ".join(copied).split()) == set(let_in)
        for name in let_in:
            assert (files.ROOT / name).exists(), name


class TestTheVersion:
    def test_is_the_same_wherever_it_stands(self):
        project = tomllib.loads((files.ROOT / "pyproject.toml").read_text())["project"]
        tags = re.findall(
            r"portal:(\d+\.\d+\.\d+)", CONTAINERFILE + (files.DEPLOY / "compose.yml").read_text()
        )

        assert {project["version"], *tags} == {gridshare_portal.__version__}


class TestTheExampleOfSettings:
    EXAMPLE = files.DEPLOY / "portal.env.example"

    def test_has_all_that_must_be_set(self):
        assert must_be_set() - set(files.assignments(self.EXAMPLE)) == set()
        assert len(must_be_set()) > 10

    def test_holds_no_key_and_no_comment_behind_a_value(self):
        given = files.assignments(self.EXAMPLE)

        assert {given[name] for name in ("SECRET_KEY", "TOKEN_KEYS", "LUNAR_CLIENT_SECRET")} == {""}
        assert [value for value in given.values() if "#" in value] == []

    def test_says_that_a_proxy_stands_in_front(self):
        given = files.assignments(self.EXAMPLE)

        assert given["TRUSTED_PROXIES"] == "127.0.0.1"


class TestTheProxy:
    def test_lets_through_what_the_portal_takes_and_no_more(self):
        sizes = {"k": 1024, "m": 1024 * 1024}
        found = re.findall(r"client_max_body_size (\d+)(\w);", NGINX)

        assert [int(number) * sizes[unit] for number, unit in found] == [
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            asgi.LARGEST,
        ]

    def test_ends_silent_clients_when_the_portal_would(self):
        for name in ("client_header_timeout", "client_body_timeout"):
            assert f"\n{name} {asgi.SILENT_S:.0f}s;" in NGINX

    @pytest.mark.parametrize("name", ["away", "busy", "large"])
    def test_shows_pages_whose_style_its_policy_knows(self, name):
        page = (files.DEPLOY / "pages" / f"{name}.html").read_text()
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
        known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

        assert f"'sha256-{known}'" in NGINX and "<script" not in page and "src=" not in page
