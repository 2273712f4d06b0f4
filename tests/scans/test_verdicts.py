"""A scanner counts only with what was planted for it; and what was planted can be told from the files."""

import re

import pytest

from tests.scans import source, verdicts

KNOWN = {"scanner": "one", "planted": frozenset({"a", "b"}), "seconds": 1.0}


class TestAVerdict:
    @pytest.mark.parametrize(
        ("found", "ours", "holds"),
        [
            ({"a", "b"}, (), True),
            ({"a", "b", "more"}, (), True),
            ({"a"}, (), False),
            ({"a", "b"}, ("x",), False),
        ],
    )
    def test_holds_with_all_controls_and_nothing_of_ours(self, found, ours, holds):
        verdict = verdicts.Verdict(**KNOWN, found=frozenset(found), ours=ours)

        assert verdict.holds is holds

    def test_does_not_hold_where_nothing_was_planted(self):
        nothing = frozenset()

        assert not verdicts.Verdict(**{**KNOWN, "planted": nothing}, found=nothing, ours=()).holds

    def test_is_told_with_each_miss_and_finding(self):
        said = verdicts.table([verdicts.Verdict(**KNOWN, found=frozenset({"a"}), ours=("here",))])

        assert re.search(r"one +1 of 2 +1 ", said)
        assert "MISSED by one: b" in said and "FOUND by one: here" in said


class TestWhatIsPlanted:
    def test_is_at_least_one_flaw_for_each_of_our_rules(self):
        rules = set(re.findall(r"^  - id: (\S+)", (source.HERE / "rules.yml").read_text(), re.MULTILINE))
        planted = {where.split()[-1] for path in source.PLANTED["semgrep"] for where in source.marked(path)}

        assert planted == rules and len(rules) >= 10

    def test_is_named_by_file_line_and_rule(self, tmp_path, monkeypatch):
        monkeypatch.setattr(source, "ROOT", tmp_path)
        (tmp_path / "a.py").write_text("x = 1\ny = 2  # planted: one-rule, B101\n")

        assert source.marked(tmp_path / "a.py") == {"a.py:2 one-rule", "a.py:2 B101"}
