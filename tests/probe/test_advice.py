"""Whatever differs has its advice, in the report and on the page that leads through the first day."""

import ast
import re
from pathlib import Path

import pytest

from gridshare_portal.probe.advice import ADVICE, BEGINNINGS

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "gridshare_portal" / "probe").rglob("*.py"))
CHOSEN = {  # words that a rule chooses between, each with where
    "word": {"coarser", "finer", "dialect_mixed", "span_short"},
}


def different_words():
    """The second argument of every `different(...)`; where it is a name, what that name may be."""
    found = set()
    for path in RULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "different":
                word = node.args[1]
                found |= {word.value} if isinstance(word, ast.Constant) else CHOSEN[word.id]
    return found | CHOSEN["word"]


class TestAdvice:
    def test_is_there_for_all_that_may_differ_and_for_nothing_else(self):
        assert different_words() == set(ADVICE)

    def test_is_one_of_three(self):
        assert [advice for advice in ADVICE.values() if not advice.startswith(BEGINNINGS)] == []

    @pytest.mark.parametrize("word", ADVICE)
    def test_stands_on_the_page_of_the_first_day(self, word):
        page = (ROOT / "docs" / "going-live.md").read_text()
        rows = dict(re.findall(r"^\| `(\w+)` \| .+? \| (.+?) \|$", page, re.MULTILINE))

        assert rows[word] == ADVICE[word]
        assert set(rows) == set(ADVICE)
