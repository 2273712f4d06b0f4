"""The table of faults names tests that exist, at least one for each of 52."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.faults import __main__ as faults
from tests.faults import checker, matrix, nemesis

ROOT = Path(__file__).resolve().parents[2]
IDS = sorted({test for row in matrix.ROWS.values() for test in row.tests})


@cache
def _tests_of(path):
    """Every test of a file as `Class::method` or `function`."""
    found = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


class TestTheTable:
    def test_has_52_rows_with_a_test_each(self):
        assert list(matrix.ROWS) == list(range(1, 53))
        assert all(row.tests and row.fault and row.expected for row in matrix.ROWS.values())

    @pytest.mark.parametrize("test", IDS)
    def test_names_a_test_that_exists(self, test):
        path, _, name = test.partition("::")

        assert name.partition("[")[0] in _tests_of(path)

    def test_names_faults_and_checks_that_exist(self):
        named = {found for test in IDS for found in re.findall(r"\[(.*)\]", test)}

        assert named <= set(nemesis.FAULTS) | set(checker.CHECKS)
        assert set(nemesis.FAULTS) <= named


REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_b.TestC" name="test_d[x]"/>
<testcase classname="tests.a.test_b.TestC" name="test_d[y]"><skipped/></testcase>
<testcase classname="tests.a.test_b.TestC" name="test_e"><failure/></testcase>
<testcase classname="tests.a.test_b" name="test_f"><skipped/></testcase>
</testsuite></testsuites>"""


class TestAReport:
    @pytest.mark.parametrize(
        ("tests", "verdict"),
        [
            (["tests/a/test_b.py::TestC::test_d"], "holds"),
            (["tests/a/test_b.py::TestC::test_d[x]", "tests/a/test_b.py::test_f"], "holds"),
            (["tests/a/test_b.py::TestC::test_d[y]"], "not run"),
            (["tests/a/test_b.py::TestC::test_d", "tests/a/test_b.py::TestC::test_e"], "FAILS"),
            (["tests/a/test_b.py::TestC::test_d", "tests/a/test_b.py::test_g"], "not run"),
        ],
    )
    def test_says_whether_a_row_holds(self, tests, verdict):
        verdicts = {faults._id(name): ends for name, ends in faults.read(REPORT).items()}

        assert faults.verdict(matrix.row("", "", *tests), verdicts) == verdict
