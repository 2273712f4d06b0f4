import codecs
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.files import lines as files_lines
from gridshare_portal.runs.targets import site_files

HOMES = {f"home-{number}": [number] for number in range(50)} | {"shared-serial": [1, 2], "serial-7": [7]}
IDS = st.sampled_from(sorted(HOMES))
ANYTHING = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


class Known:
    """Knows some homes, and how often it was asked."""

    def __init__(self, homes=HOMES):
        self.homes, self.asked = homes, []

    def __call__(self, said):
        self.asked.append(len(said))
        return {one: self.homes[one] for one in said if one in self.homes}


def read(content, known=None, size=7):
    content = content.encode() if isinstance(content, str) else content
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    site_files.look(pieces)  # what the page asks at once; the worker reads the rest
    return together(site_files.steps(pieces, look_up=known or Known()))


def together(steps):
    whole = Whole()
    for step in steps:
        assert not set(whole.homes) & set(step.homes)
        whole.homes |= step.homes
        whole.left += step.left
        whole.lines, whole.blank = whole.lines + step.lines, whole.blank + step.blank
    return whole


@dataclass
class Whole:
    """What all steps of a file came to."""

    homes: dict = field(default_factory=dict)
    left: list = field(default_factory=list)
    lines: int = 0
    blank: int = 0

    @property
    def left_out(self):
        return len(self.left)


def left(reading):
    return {one.line: one.why for one in reading.left}


class TestAFileOfHomes:
    def test_names_one_home_a_line_in_its_order(self):
        assert read("home-3\nhome-1\r\nhome-2").homes == {3: 1, 1: 2, 2: 3}

    @pytest.mark.parametrize(
        "content",
        [
            "Home id,Name\nhome-1,One\nhome-2,Two\n",
            "Home,Home id,Connection\nOne,home-1,Connected\nhome-3,'home-2,Connected\n",
            "Home\nhome-1\nhome-2\n",
            "name;SITE_ID\nOne;home-1\nTwo;home-2\n",
            'Name\tSerial number\n"One, two"\t"home-1"\nTwo\thome-2',
            "\n\n id \nhome-1\n'home-2\n",
        ],
    )
    def test_may_have_a_head_and_more_columns(self, content):
        assert list(read(content).homes) == [1, 2]

    def test_takes_what_the_first_filled_column_of_several_names(self):
        assert list(read("home id,device id,serial\n,home-4,\n,,serial-7\nhome-1,home-2,\n").homes) == [
            4,
            7,
            1,
        ]

    def test_says_of_each_line_that_was_left_out_which_and_why(self):
        reading = read(
            'home-1\n\nhome-1\nnobody\n=1+1\n<b>home-2</b>\nshared-serial\n"",x\n'
            + "x" * 300
            + "\nhome-\x073"
        )

        assert left(reading) == {
            3: site_files.DOUBLE,
            4: site_files.UNKNOWN,
            5: site_files.FORMULA_CELL,
            6: site_files.MARKUP_CELL,
            7: site_files.TWO_HOMES,
            8: site_files.NO_ID,
            9: site_files.TOO_LONG,
            10: site_files.CONTROL,
        }
        assert (reading.blank, reading.lines, list(reading.homes)) == (1, 9, [1])

    def test_takes_a_home_once_when_it_is_named_by_two_of_its_ids(self):
        assert left(read("home-7\nserial-7\n")) == {2: site_files.DOUBLE}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_is_read_in_the_encodings_of_spreadsheets(self, encoding):
        mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")

        assert list(read(mark + "Name,Home id\nJürgen’s,home-1\n".encode(encoding)).homes) == [1]

    def test_in_another_encoding_is_refused_with_the_line(self):
        with pytest.raises(files_lines.FileRefused, match="Line 3 "):
            read("home-1\nhome-2\nJürgen,home-3\n".encode("latin-1"), size=100)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "empty"),
            (b"\n\n  \r\n", "empty"),
            (b"Home id\n", "empty"),
            (b"PK\x03\x04abc", "Save it as CSV"),
            (b"%PDF-1.7", "not a text file"),
            (b"<!DOCTYPE html><p>home-1", "not a list"),
            (b'{"homes": ["home-1"]}', "not a list"),
            ("home-1\n".encode("utf-16-le"), "not a text file"),
            (b"home-1\n\x00\x01\x02", "not a text file"),
            (b"home-1\n" * 100_001, "more than 100,000 lines"),
            (b"\n" * 100_002, "more than 100,000 lines"),
            (b"x" * (files_lines.BYTES_AT_MOST + 1), "larger than 10 MB"),
        ],
    )
    def test_that_cannot_be_read_is_refused_in_a_sentence(self, content, sentence):
        with pytest.raises(files_lines.FileRefused, match=sentence):
            read(content, size=65_536)

    def test_of_a_hundred_thousand_homes_is_looked_up_in_equal_steps(self):
        homes = {f"home-{number}": [number] for number in range(100_000)}
        known = Known(homes)

        reading = read("Home id\n" + "\n".join(homes), known, size=65_536)

        assert len(reading.homes) == 100_000
        assert set(known.asked) == {site_files.TOGETHER} and len(known.asked) == 100

    @given(st.lists(st.one_of(IDS, ANYTHING), min_size=1), st.integers(0, 40))
    def test_goes_on_behind_any_line_as_if_it_had_never_stopped(self, lines, after):
        content = [b"Home id\n", "\n".join([*lines, "home-0"]).encode()]
        whole = together(site_files.steps(content, look_up=Known()))
        before = {home: line for home, line in whole.homes.items() if line <= after}
        rest = together(site_files.steps(content, look_up=Known(), after=after, taken=before))

        assert before | rest.homes == whole.homes
        assert rest.left == [one for one in whole.left if one.line > after]

    def test_with_a_million_columns_is_one_line_that_is_too_long(self):
        reading = read("home-1\n" + "home-2," * 1_000_000 + "\nhome-3", size=65_536)

        assert (list(reading.homes), left(reading)) == ([1, 3], {2: site_files.TOO_LONG})

    def test_with_a_quotation_mark_that_is_never_closed_loses_no_line(self):
        assert list(read('"home-1\nhome-2\nhome-3').homes)[-2:] == [2, 3]

    @given(st.lists(st.one_of(IDS, ANYTHING)), st.integers(1, 50), st.sampled_from(["\n", "\r\n"]))
    def test_of_any_content_accounts_for_every_line(self, lines, size, end):
        content = end.join(["Home id", "home-0", *lines])
        reading = read(content, size=size)

        assert len(reading.homes) + reading.left_out == reading.lines
        assert all(number > 1 for number in reading.homes.values())
        assert set(reading.homes) <= set(range(50))

    @given(st.lists(IDS, min_size=1), st.integers(1, 100))
    def test_comes_to_the_same_however_it_arrives(self, ids, size):
        content = "\n".join(ids)

        assert read(content, size=size) == read(content, size=10_000)
        assert set(read(content).homes) == {HOMES[one][0] for one in ids if len(HOMES[one]) == 1}

    @given(st.binary(max_size=400))
    def test_of_any_bytes_is_read_or_refused_and_nothing_else(self, content):
        try:
            reading = read(content)
        except files_lines.FileRefused:
            return
        assert site_files.look([content]) == reading.lines
        assert len(reading.homes) + reading.left_out == reading.lines
