"""Whoever runs the portal finds every variable it reads in README.md and in .env.example."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "gridshare_portal" / "settings.py"
ELSEWHERE = {"DJANGO_SETTINGS_MODULE"}  # Django's own, set by manage.py, wsgi.py and celery.py


def read_by_settings():
    """Names in env.str("NAME"), env("NAME"), env.db_url("NAME") and their like."""
    for node in ast.walk(ast.parse(SETTINGS.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] == "env" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(name.value)):
                yield name.value


def read_past_settings():
    """Names read from os.environ by any other file of the portal, the demonstration's own stage excepted."""
    pattern = re.compile(r"""(?:environ(?:\.get\(|\.setdefault\(|\[)|getenv\()\s*["']([A-Z][A-Z0-9_]+)""")
    for path in (ROOT / "gridshare_portal").rglob("*.py"):
        if path != SETTINGS and not {"demo", "sandbox"} & set(path.parts):
            yield from pattern.findall(path.read_text())


def in_readme():
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row.split("|")[1])}


def in_example():
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


class TestEveryVariable:
    def test_that_is_read_stands_in_the_readme_s_table_with_words(self):
        assert set(read_by_settings()) - in_readme() == set()

    def test_that_is_read_stands_in_the_example(self):
        assert set(read_by_settings()) - in_example() == set()

    def test_that_is_explained_is_read(self):
        assert in_readme() == set(read_by_settings())
        assert in_example() == set(read_by_settings())

    def test_is_read_in_one_place(self):
        assert set(read_past_settings()) <= ELSEWHERE

    def test_is_found_by_this_test(self):
        assert {"SECRET_KEY", "DATABASE_URL", "GRIDSHARE_PARALLEL", "EMAIL_URL"} <= set(read_by_settings())

    def test_has_its_meaning_in_the_table(self):
        for line in (ROOT / "README.md").read_text().splitlines():
            if line.startswith("| `"):
                assert len(line.split("|")[-2].strip()) > 5, line
