import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import types
from gridshare_portal.sites.reading import topology


def node(synth_id, kind="sensor", *children, channels=("power_W",), **rest):
    channels = channels if kind == "sensor" else ()
    return types.Node(synth_id=synth_id, kind=kind, children=children, channels=channels, **rest)


def walked(root):
    return topology.cleaned(types.Topology(root=root))


def ids(tree):
    return [kept["synth_id"] for kept in tree["nodes"]]


class TestATreeAsItShouldBe:
    def test_is_kept_in_reading_order_with_each_parent_by_place(self):
        tree = walked(node("home", "site", node("inverter", "device", node("a"), node("b")), node("c")))

        assert ids(tree) == ["home", "inverter", "a", "b", "c"]
        assert [kept["parent"] for kept in tree["nodes"]] == [None, 0, 1, 1, 0]
        assert [kept["depth"] for kept in tree["nodes"]] == [0, 1, 2, 2, 1]
        assert not tree["cut"] and tree["repeated"] == 0

    def test_keeps_kinds_and_fields_that_nobody_has_heard_of(self):
        tree = walked(node("x", "flux_capacitor", extra={"jigawatts": 1.21, "when": [1955, 2015]}))

        assert tree["nodes"][0]["kind"] == "flux_capacitor"
        assert tree["nodes"][0]["extra"] == {"jigawatts": 1.21, "when": [1955, 2015]}

    def test_of_a_site_without_one_is_empty(self):
        assert walked(None) == {
            "nodes": [],
            "repeated": 0,
            "cut": False,
            "unread": 0,
            "nameless": False,
        }


class TestABadTree:
    def test_ends_where_it_runs_in_a_circle_and_loses_nothing(self):
        tree = walked(node("home", "site", node("inverter", "device", node("home", "site", node("meter")))))

        assert ids(tree) == ["home", "inverter", "meter"]
        assert tree["repeated"] == 1

    def test_ends_where_its_objects_run_in_a_circle(self):
        below = []
        looped = types.Node(synth_id="home", kind="site", children=below)
        below.append(looped)

        assert ids(walked(looped)) == ["home"]

    def test_keeps_the_first_of_two_nodes_with_one_id(self):
        tree = walked(node("home", "site", node("a", kind="meter"), node("a")))

        assert [(kept["synth_id"], kept["kind"]) for kept in tree["nodes"]] == [
            ("home", "site"),
            ("a", "meter"),
        ]

    @pytest.mark.parametrize("missing", [None, "", "..", "a/../b", "x" * 500, "lost \ufffd", "nul\x00"])
    def test_shows_a_node_whose_id_could_not_be_asked_for_but_no_sensor(self, missing):
        tree = walked(node("home", "site", node(missing), node(missing)))

        assert ids(tree) == ["home", None, None]
        assert topology.streams(tree, kinds={}) == []

    def test_ten_thousand_deep_is_kept_whole_and_can_be_stored(self):
        deep = node("end")
        for number in range(9_999):
            deep = node(f"n{number}", "device", deep)

        tree = walked(deep)

        assert len(tree["nodes"]) == 10_000 and not tree["cut"]
        assert tree["nodes"][-1] == {**tree["nodes"][-1], "synth_id": "end", "depth": 9_999, "parent": 9_998}
        assert json.loads(json.dumps(tree)) == tree
        assert [stream.device_id for stream in topology.streams(tree, kinds={})] == ["n0"]

    def test_ten_thousand_wide_is_kept_whole(self):
        tree = walked(node("home", "site", *(node(f"s{number}") for number in range(10_000))))

        assert len(tree["nodes"]) == 10_001 and not tree["cut"]

    def test_larger_than_any_home_is_cut_and_says_so(self):
        tree = walked(node("home", "site", *(node(None, "device") for _ in range(50_000))))

        assert len(tree["nodes"]) == topology.MOST_NODES and tree["cut"]

    def test_that_names_itself_twice_on_each_of_a_hundred_levels_still_ends(self):
        doubling = node("end")
        for number in range(100):
            doubling = node(f"n{number}", "device", doubling, doubling)

        tree = walked(doubling)

        assert len(tree["nodes"]) == 101 and tree["cut"]


class TestTheDeviceOfASensor:
    def test_is_the_nearest_one_above(self):
        tree = walked(
            node("home", "site", node("inv", "device", node("pack", "device", node("pack__bb_agg"))))
        )

        assert topology.streams(tree, kinds={})[0].device_id == "pack"

    def test_is_the_one_its_id_begins_with_where_none_is_above(self):
        tree = walked(node("home", "site", node("inv__GRID_METER_DERIVED"), node("inv", "inverter")))

        assert topology.streams(tree, kinds={})[0].device_id == "inv"

    def test_is_itself_where_its_id_is_a_device(self):
        tree = walked(node("home", "site", node("inv", "device", node("charger"))))

        stream = topology.streams(tree, kinds={"charger": "EV"})[0]

        assert (stream.device_id, stream.device_kind) == ("charger", "EV")

    def test_is_unknown_where_nothing_says_so(self):
        assert topology.streams(walked(node("home", "site", node("lone"))), kinds={})[0].device_id is None


words = st.text(max_size=8) | st.sampled_from(
    ["a", "b", "c", "home", "a__bb_agg", "sensor", "site", "device"]
)
trees = st.recursive(
    st.builds(types.Node, synth_id=st.none() | words, kind=words, channels=st.tuples(words)),
    lambda inner: st.builds(
        types.Node,
        synth_id=st.none() | words,
        kind=words,
        children=st.lists(inner, max_size=5).map(tuple),
        capacity_wh=st.none() | st.floats(),
        extra=st.dictionaries(words, st.floats() | words | st.none(), max_size=2),
    ),
    max_leaves=30,
)


class TestAnyTree:
    @given(trees)
    def test_becomes_a_list_in_which_each_id_stands_once_below_an_earlier_node(self, root):
        tree = walked(root)
        present = [synth_id for synth_id in ids(tree) if synth_id is not None]

        assert len(present) == len(set(present))
        for place, kept in enumerate(tree["nodes"]):
            assert (kept["parent"] is None) == (place == 0)
            if place:
                assert kept["parent"] < place
                assert kept["depth"] == tree["nodes"][kept["parent"]]["depth"] + 1

    @given(trees)
    def test_is_plain_data_that_every_database_takes(self, root):
        stored = json.dumps(walked(root), allow_nan=False)

        assert "\\u0000" not in stored
        assert json.loads(stored) == walked(root)

    @given(trees)
    def test_gives_each_sensor_once_and_only_devices_that_exist(self, root):
        tree = walked(root)
        found = topology.streams(tree, kinds={"b": "EV"})
        devices = topology.devices_in(tree, kinds={"b": "EV"})

        assert len({stream.synth_id for stream in found}) == len(found)
        assert all(stream.device_id is None or stream.device_id in devices for stream in found)
