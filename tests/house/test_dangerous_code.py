"""What code may do in few places or in none, because a slip there is a hole: each place is named here."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gridshare_portal"
APART = {"sandbox", "demo", "synthetic"}  # never part of a portal that is in use
CODE = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
    if not APART & set(path.relative_to(PACKAGE).parts)
}
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))

MARKS_AS_SAFE = {"templatetags/assets.py"}  # tags of our own files, and their digests
ASKS_IN_SQL = {  # statements of ours, without anything that was typed
    "access/finding/entries.py",
    "health.py",
    "management/commands/rebuild_search.py",
    "management/commands/sweep_retention.py",
    "upkeep/databases.py",
    "upkeep/operations.py",
    "upkeep/patience.py",
}
CHANCE_OF_PAUSES = {  # draw how long to wait, which anybody may guess
    "cases/examination.py",
    "gridshare/http/transport.py",
    "lunar/tokens/refresh.py",
    "outbound/circuit_breaker.py",
    "sites/clients.py",
    "sites/sync.py",
    "telemetry/collect.py",
}
SPEAKS_TO_OTHERS = {  # opens connections, or names the errors of a library that does
    "accounts/signing_in/adapter.py",  # errors of mail
    "cache.py",
    "celery.py",
    "gridshare/client.py",
    "gridshare/http/bearer_token.py",
    "gridshare/http/responses.py",
    "gridshare/http/transport.py",
    "health.py",
    "logs/reporting.py",
    "lunar/login/calls.py",
    "mail/sender.py",
    "outbound/session.py",
    "outbound/sockets.py",
    "outbound/transport_errors.py",
}
NETWORK = {"requests", "urllib3", "httpx", "aiohttp", "socket", "ssl", "smtplib", "ftplib", "redis", "kombu"}
NETWORK |= {"http.client", "urllib.request", "xmlrpc.client", "asyncio.streams", "websockets", "paramiko"}
KEEPS_IN_BROWSER = {
    "staff_keys.js": {"localStorage", "sessionStorage"}
}  # keys off or on; where a list was left


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def that_import(*names):
    """Files that import one of these modules or names, or something within one."""
    return {
        file
        for file, tree in CODE.items()
        for one in imported(tree)
        if any(one == name or one.startswith(f"{name}.") for name in names)
    }


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def that_call(*names):
    return {
        file
        for file, tree in CODE.items()
        for one in calls(tree)
        if getattr(one.func, "attr", getattr(one.func, "id", "")) in names
    }


class TestMarkup:
    def test_is_called_safe_in_one_place(self):
        assert that_import("django.utils.safestring") | that_call("mark_safe", "SafeString") == MARKS_AS_SAFE

    def test_is_escaped_in_every_page(self):
        """Texts that are no markup, such as letters, say so; a page never does."""
        unescaped = re.compile(r"\|\s*safe(seq)?\b|\{%\s*autoescape\s+off")
        pages = [one for one in TEMPLATES if one.suffix in (".html", ".svg")]
        assert len(pages) > 100

        assert [str(one) for one in pages if unescaped.search(one.read_text())] == []

    def test_holds_data_for_scripts_as_json_alone(self):
        """By Django's json_script, which no text of anybody's can end: nothing is pasted into a script."""
        bodies = [
            body
            for one in TEMPLATES
            for body in re.findall(r"<script\b[^>]*>(.*?)</script>", one.read_text(), re.DOTALL)
        ]

        pasted = {tag for body in bodies for tag in re.findall(r"\{\{\s*(.*?)\s*\}\}", body)}

        assert len(bodies) > 4
        assert {
            tag for tag in pasted if not tag.endswith(".auto_id")
        } == set()  # names of fields, as Django makes them
        assert any("|json_script" in one.read_text() for one in TEMPLATES)


class TestSql:
    def test_is_written_in_few_places(self):
        found = that_call("raw", "extra", "RawSQL", "execute", "executemany", "executescript")
        found |= that_import("django.db.models.expressions.RawSQL")

        assert {file for file in found if "migrations" not in file} == ASKS_IN_SQL

    def test_is_put_together_with_names_of_ours_alone(self):
        """Nothing is pasted into a statement, but for names of tables and columns that are ours."""
        pasted = {
            (file, ast.unparse(one.args[0]))
            for file in ASKS_IN_SQL
            for one in calls(CODE[file])
            if getattr(one.func, "attr", "") in ("execute", "executemany")
            and isinstance(one.args[0], ast.JoinedStr | ast.BinOp | ast.Call)
        }

        assert {re.sub(r"^f?.|.$", "", statement) for _file, statement in pasted} == {
            "INSERT INTO {table} {columns}",
            'DELETE FROM "{table}"',
        }


class TestChance:
    def test_that_can_be_guessed_draws_pauses_alone(self):
        assert that_import("random") == CHANCE_OF_PAUSES

    def test_of_secrets_has_128_bits_at_least(self):
        """What is shorter opens nothing: a request's number, and the name of somebody who is forgotten."""
        opens_nothing = {"outbound/request_id.py", "audit/forgetting.py"}
        drawn = {
            (file, one.args[0].value if one.args else 0)
            for file, tree in CODE.items()
            for one in calls(tree)
            if getattr(one.func, "attr", "") in ("token_urlsafe", "token_hex", "token_bytes")
        }

        assert len(drawn) >= 5
        assert {file for file, size in drawn if size < 16} == opens_nothing


class TestConnections:
    def test_are_opened_in_few_places(self):
        assert that_import(*NETWORK) == SPEAKS_TO_OTHERS

    def test_are_never_told_to_trust_anybody(self):
        trusting = ("verify", "check_hostname", "assert_hostname", "CERT_NONE", "_create_unverified_context")
        found = {
            f"{file}: {ast.unparse(node)}"
            for file, tree in CODE.items()
            for node in ast.walk(tree)
            if (isinstance(node, ast.keyword) and node.arg in trusting)
            or (isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") in trusting)
            or (isinstance(node, ast.Attribute) and node.attr in trusting[3:])
        }

        # a session of ours has none of its own, so that it verifies; a test's may trust a certificate of its own
        assert found == {"outbound/session.py: verify=True if session.verify is None else session.verify"}


class TestTheBrowser:
    def test_is_given_nothing_to_keep_about_anybody(self):
        kept = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|serviceWorker|\bcaches\.")
        found = {one.name: set(kept.findall(one.read_text())) for one in SCRIPTS}

        assert {name: words for name, words in found.items() if words} == KEEPS_IN_BROWSER

    def test_keeps_of_a_list_where_one_was_and_whether_keys_are_on(self):
        source = (ROOT / "static/js/staff_keys.js").read_text()

        assert set(re.findall(r"(?:local|session)Storage\.setItem\((.*?)\)[;,\s]", source)) == {
            "place, JSON.stringify({ y: scrollY, id: row?.id ?? \"\" })", 'OFF, "1"',
        }  # fmt: skip

    def test_keeps_no_page_for_going_back(self):
        assert '"historyCacheSize": 0' in (ROOT / "templates/base.html").read_text()


class TestADanger:
    def test_would_be_found(self):
        bad = ast.parse("import requests.adapters\nfrom urllib import request\nx.raw(f'{a}')")

        assert {"requests.adapters", "urllib.request"} <= set(imported(bad)) and len(calls(bad)) == 1
