import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import types
from gridshare_portal.sites.reading import roles, topology

POWER = ("power_W", "energy_Wh_increment", "energy_Wh_decrement")
CHARGE = (*POWER, "stateOfCharge_pct")


def sensor(synth_id, *children, channels=POWER, **rest):
    return types.Node(synth_id=synth_id, kind="sensor", channels=channels, children=children, **rest)


def device(synth_id, *children, kind="device"):
    return types.Node(synth_id=synth_id, kind=kind, children=children)


def found(*below, kinds=None):
    root = types.Node(synth_id="home", kind="site", children=below)
    tree = topology.cleaned(types.Topology(root=root))
    return {stream.synth_id: role for stream, role in roles.found(tree, kinds=kinds or {})}


class TestTheRoleOfASensor:
    def test_is_found_in_a_home_with_one_hub(self):
        hub = device(
            "d",
            sensor("d__GRID_METER_DERIVED"),
            sensor("d__bb_agg", channels=CHARGE),
            sensor("d__PV_DERIVED"),
        )

        for kind in ("battery_pack", "inverter", "interver", "", "something new"):
            assert found(hub, kinds={"d": kind}) == {
                "d__GRID_METER_DERIVED": "grid",
                "d__bb_agg": "battery",
                "d__PV_DERIVED": "solar",
            }

    @pytest.mark.parametrize(
        ("kind", "role"),
        [
            ("battery_pack", "battery"),
            ("PV", "solar"),
            ("EV", "ev"),
            ("meter", "grid"),
            ("load_control_relay", "relay"),
            ("inverter", "unknown"),
            ("flux_capacitor", "unknown"),
        ],
    )
    def test_is_the_device_s_own_where_nothing_else_speaks(self, kind, role):
        assert found(device("d", sensor("stream-1")), kinds={"d": kind}) == {"stream-1": role}

    @pytest.mark.parametrize(
        ("kind", "role"), [("EV", "ev"), ("PV", "solar"), ("load_control_relay", "relay")]
    )
    @pytest.mark.parametrize("suffix", ["bb_agg", "GRID_METER_DERIVED", "PV_DERIVED", "LOAD", "RELAY"])
    def test_is_never_what_the_id_says_where_the_device_says_otherwise(self, kind, role, suffix):
        assert found(device("d", sensor(f"d__{suffix}")), kinds={"d": kind}) == {f"d__{suffix}": role}

    def test_of_a_charging_car_is_not_the_battery(self):
        assert found(device("d", sensor("d__1", channels=CHARGE)), kinds={"d": "EV"}) == {"d__1": "ev"}

    def test_is_the_battery_where_a_charge_is_measured_whatever_the_name(self):
        assert found(device("d", sensor("d__PV", channels=CHARGE)), kinds={"d": "inverter"}) == {
            "d__PV": "battery"
        }

    @pytest.mark.parametrize("channel", ["stateOfCharge_pct", "soc_percent", "SOC_PERCENT"])
    def test_is_the_battery_by_either_name_of_the_charge(self, channel):
        assert found(sensor("s", channels=("power_W", channel))) == {"s": "battery"}

    def test_is_the_battery_where_a_capacity_is_known(self):
        assert found(sensor("s", capacity_wh=20_000.0)) == {"s": "battery"}

    def test_of_a_meter_can_be_the_whole_home(self):
        assert found(device("d", sensor("d__LOAD")), kinds={"d": "meter"}) == {"d__LOAD": "home"}

    def test_is_taken_from_a_finer_kind_in_the_tree_where_details_are_missing(self):
        assert found(device("d", sensor("s"), kind="EV")) == {"s": "ev"}


class TestNothingCountsTwice:
    def test_blocks_below_the_sum_of_their_battery(self):
        blocks = device(
            "bms", sensor("b1", channels=CHARGE), sensor("b2", channels=CHARGE), kind="battery_pack"
        )
        tree = device("d", sensor("d__bb_agg", channels=CHARGE), blocks)

        assert found(tree, kinds={"d": "inverter"}) == {
            "d__bb_agg": "battery",
            "b1": "unknown",
            "b2": "unknown",
        }

    def test_optimizers_below_a_sensor_of_the_same_role(self):
        assert found(
            device("pv", sensor("all", sensor("panel-1"), sensor("panel-2"))), kinds={"pv": "PV"}
        ) == {
            "all": "solar",
            "panel-1": "unknown",
            "panel-2": "unknown",
        }

    def test_strings_of_two_pv_devices_are_both_counted(self):
        assert found(device("a", sensor("s1")), device("b", sensor("s2")), kinds={"a": "PV", "b": "PV"}) == {
            "s1": "solar",
            "s2": "solar",
        }

    def test_a_meter_goes_before_the_grid_that_inverters_derive(self):
        tree = (device("i", sensor("i__GRID_METER_DERIVED")), device("m", sensor("m__1")))

        assert found(*tree, kinds={"i": "inverter", "m": "meter"}) == {
            "i__GRID_METER_DERIVED": "unknown",
            "m__1": "grid",
        }

    def test_one_of_two_derived_grids_counts(self):
        tree = (device("i", sensor("i__GRID_METER_DERIVED")), device("j", sensor("j__GRID_METER_DERIVED")))

        assert found(*tree, kinds={"i": "inverter", "j": "inverter"}) == {
            "i__GRID_METER_DERIVED": "grid",
            "j__GRID_METER_DERIVED": "unknown",
        }

    def test_three_phases_of_one_meter_all_count(self):
        phases = device("m", sensor("m__1"), sensor("m__2"), sensor("m__3"))

        assert set(found(phases, kinds={"m": "meter"}).values()) == {"grid"}


names = st.sampled_from(
    ["a", "b", "a__bb_agg", "a__PV_DERIVED", "b__GRID_METER_DERIVED", "b__x", "c__RELAY", "d"]
)
nodes = st.recursive(
    st.builds(sensor, names, channels=st.sampled_from([POWER, CHARGE, ()])),
    lambda inner: st.builds(lambda one, below: device(one, *below), names, st.lists(inner, max_size=4)),
    max_leaves=20,
)
KINDS = ["inverter", "battery_pack", "PV", "EV", "meter", "load_control_relay", "", "?"]


class TestAnyHome:
    @given(st.lists(nodes, max_size=4), st.dictionaries(names, st.sampled_from(KINDS)))
    def test_gives_each_sensor_a_known_role_that_its_device_allows(self, below, kinds):
        tree = topology.cleaned(
            types.Topology(root=types.Node(synth_id="home", kind="site", children=tuple(below)))
        )

        for stream, role in roles.found(tree, kinds=kinds):
            possible, _own = roles.BY_KIND.get(stream.device_kind.lower().replace("_", ""), roles.ANY)
            assert role in possible | {"unknown"}


class TestASensorWithoutASign:
    def test_is_no_second_battery_beside_one_that_has_a_charge(self):
        battery = types.Node(synth_id="b/2", kind="sensor", channels=("power_W", "stateOfCharge_pct"))
        others = [types.Node(synth_id=name, kind="sensor", channels=("power_W",)) for name in ("b/1", "b/3")]
        pack = types.Node(synth_id="d", kind="device", children=(others[0], battery, others[1]))
        tree = topology.cleaned(types.Topology(root=types.Node(synth_id="h", kind="site", children=(pack,))))

        found = {s.synth_id: role for s, role in roles.found(tree, kinds={"d": "battery_pack"})}

        assert found == {"b/1": "unknown", "b/2": "battery", "b/3": "unknown"}

    def test_has_its_device_s_role_where_it_is_the_only_one(self):
        alone = types.Node(synth_id="b/1", kind="sensor", channels=("power_W",))
        pack = types.Node(synth_id="d", kind="device", children=(alone,))
        tree = topology.cleaned(types.Topology(root=types.Node(synth_id="h", kind="site", children=(pack,))))

        assert [role for _, role in roles.found(tree, kinds={"d": "battery_pack"})] == ["battery"]
