"""Ids and trees, told without a single id."""

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from gridshare_portal.gridshare import ids
from gridshare_portal.probe.answers import Answer
from gridshare_portal.probe.rules import names

UUID = "6f1c2a5e-1f4e-5d36-9a0e-9f0a7b1c2d3e"


def tree(root):
    return Answer(status=200, is_json=True, body={"root": root})


def node(kind, *children, **fields):
    return {"kind": kind, "children": list(children), **fields}


class TestAnAlias:
    def test_is_the_same_for_the_same_id_and_hides_it(self):
        alias = names.Alias(b"key")
        one = alias.of(f"{UUID}__bb_agg")

        assert one == alias.of(f"{UUID}__bb_agg") != alias.of(f"{UUID}__PV_DERIVED")
        assert one.startswith("…__bb_agg#") and UUID not in one and len(one) < 20

    def test_cannot_be_found_by_trying_ids_without_the_key(self):
        assert names.Alias(b"one").of("4711") != names.Alias(b"other").of("4711")

    @prop(st.text(min_size=5))
    def test_shows_nothing_of_an_id_but_a_documented_suffix(self, found):
        alias = names.Alias(b"key").of(f"{found}__Kitchen of Mrs Smith")

        assert set(alias) <= set("…#0123456789abcdef")


class TestIds:
    @pytest.mark.parametrize(("found", "word", "says"), [
        ([UUID], "ids", "1, of 36 characters, made of letters, digits and -."),
        ([UUID, f"{UUID}__bb_agg"], "ids", "2, of 36 to 44 characters, made of letters, digits and - _."),
        (["home 1"], "ids_refused", "and blanks"), (["a/b"], "ids_refused", "and /"),
        (["a@b"], "ids_refused", "and @"), (["küche"], "ids_refused", "signs beyond ASCII"),
        (["x" * 180], "ids_refused", "of 180 characters"), (["a\x07b"], "ids_refused", "control characters"),
        (["a", "a"], "ids_doubled", "2, of 1 characters"), ([], "no_ids", "no ids"),
    ])  # fmt: skip
    def test_are_described(self, found, word, says):
        told = names.form("homes", found)

        assert told.word == word or (told.word == "ids" and all(map(ids.allowed, found)))
        assert says in told.sentence

    @prop(st.lists(st.text(min_size=6), min_size=1))
    def test_are_never_told(self, found):
        sentence = names.form("homes", found).sentence

        assert not [
            one for one in found if one in sentence and one not in "letters, digits and signs beyond ASCII."
        ]

    def test_are_those_that_are_texts(self):
        listed = Answer(
            status=200, is_json=True, body={"entries": [{"siteId": "a"}, {"siteId": 5}, {}, "x", None]}
        )

        assert names.listed(listed, "siteId") == ["a"]


class TestATree:
    SENSOR = node("sensor", id="s1", channels=["power_W"])

    def words(self, answer, devices=("d1",)):
        return {one.word for one in names.tree(answer, devices)}

    @pytest.mark.parametrize(("answer", "words"), [
        (tree(node("site", node("device", SENSOR, id="d1"))), {"kinds"}),
        (Answer(status=200, is_json=True, body=node("site", node("device", SENSOR, id="d1"))), {"kinds"}),
        (tree(None), {"no_root"}), (Answer(status=404), {"no_root"}), (Answer(status=200, is_json=True, body=[]), {"no_root"}),
        (tree(node("site", node("device", id="d1"))), {"kinds", "no_sensors"}),
        (tree(node("site", SENSOR)), {"kinds", "devices_apart"}),
        (tree(node("site", node("device", node("sensor", id="s"), id="d1"))), {"kinds", "no_channels"}),
        (tree(node("site", node("device", SENSOR, id=["odd"]))), {"kinds", "devices_apart"}),
    ])  # fmt: skip
    def test_is_described(self, answer, words):
        assert self.words(answer) == words

    def test_names_known_kinds_and_counts_others(self):
        told = names.tree(tree(node("site", node("Mr Smith's shed", id="d1"), node("EV"))), ["d1"])

        assert told[0].sentence == "3 nodes of the kinds EV, site, 1 unknown."

    def test_gives_sensors_that_tell_a_charge_first(self):
        battery = node("sensor", id="b", channels=["power_W", "soc_percent"])
        found = names.sensors(tree(node("site", self.SENSOR, battery, node("sensor"), node("sensor", id=5))))

        assert [one["id"] for one in found] == ["b", "s1"]

    @pytest.mark.parametrize(("told", "capacity"), [
        (72_000_000, 20_000), (0, None), (-1, None), ("20", None), (None, None), (True, None), (10**400, None),
    ])  # fmt: skip
    def test_tells_a_capacity_in_joules(self, told, capacity):
        assert names.capacity_wh({"maxCapacity_J": told}) == capacity
