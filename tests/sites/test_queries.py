import pytest

from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries
from gridshare_portal.sites.reading import topology

pytestmark = pytest.mark.django_db


def nested(branches):
    """Build the lists again as a page would, and say what stands in which."""
    outermost, stack = [], []
    current = outermost
    for branch in branches:
        line = [branch.synth_id]
        current.append(line)
        if branch.opens:
            stack.append(current)
            current = line
        for _ in branch.closing:
            current = stack.pop() if stack else outermost
    return outermost


class TestTheTree:
    def test_shows_devices_and_sensors_where_they_hang(self, homeowner, battery):
        root, hub, *streams = queries.tree_of(homeowner.site)

        assert (root.kind, root.synth_id, root.role) == ("site", homeowner.site.synth_id, "")
        assert hub.device == battery and hub.role == ""
        assert {branch.role for branch in streams} == {"grid", "battery", "solar"}
        assert next(b for b in streams if b.role == "battery").capacity_wh == 20_000

    def test_costs_the_same_few_queries_at_any_size(self, homeowner, django_assert_num_queries):
        site = homeowner.site
        with django_assert_num_queries(2):
            queries.tree_of(site)

        wide = tuple(types.Node(synth_id=f"s{n}", kind="sensor", channels=("power_W",)) for n in range(5_000))
        site.topology = topology.cleaned(
            types.Topology(root=types.Node(synth_id="home", kind="site", children=wide))
        )
        with django_assert_num_queries(2):
            assert len(queries.tree_of(site)) == 5_001

    def test_can_be_nested_without_recursion(self, homeowner):
        def node(name, *children):
            return types.Node(synth_id=name, kind="device", children=children)

        root = node("a", node("b", node("c"), node("d", node("e"))), node("f"))
        site = homeowner.site
        site.topology = topology.cleaned(types.Topology(root=root))

        assert nested(queries.tree_of(site)) == [["a", ["b", ["c"], ["d", ["e"]]], ["f"]]]

    def test_of_a_well_ten_thousand_deep_stays_a_page(self, homeowner):
        deep = types.Node(synth_id="end", kind="device")
        for number in range(9_999):
            deep = types.Node(synth_id=f"n{number}", kind="device", children=(deep,))
        site = homeowner.site
        site.topology = topology.cleaned(types.Topology(root=deep))

        branches = queries.tree_of(site)

        assert len(branches) == 10_000
        assert max(branch.depth for branch in branches) == queries.DEEPEST_SHOWN
        assert sum(branch.opens for branch in branches) == sum(branch.closes for branch in branches)

    def test_of_a_home_never_read_is_empty(self, now):
        assert (
            queries.tree_of(sites.Site(synth_id="new", name="Home", time_zone="UTC", created_at=now, pk=0))
            == []
        )


class TestTheBattery:
    def test_follows_the_homeowner_s_word(self, homeowner):
        sites.Sensor.objects.filter(role_found="battery").update(role_set="solar")

        assert list(queries.sensors_of(homeowner.site, "battery")) == []
        assert queries.sensors_of(homeowner.site, "solar").count() == 2

    def test_is_the_same_among_sensors_that_were_read_before(self, homeowner, neighbor):
        for site in sites.Site.objects.all():
            read = list(site.sensors.select_related("device"))
            assert queries.battery_devices_of(site, among=read) == queries.battery_devices_of(site)

        sites.Sensor.objects.filter(role_found="battery").update(gone_at=homeowner.connection.created_at)
        sites.Device.objects.update(kind="")
        read = list(homeowner.site.sensors.select_related("device"))
        assert queries.battery_devices_of(homeowner.site, among=read) == []


class TestProgress:
    def test_is_known_before_anything_was_read(self, stranger, homeowner):
        sites.Sync.objects.all().delete()

        progress = queries.progress_of(homeowner.connection)

        assert (progress.state, progress.step, progress.done, progress.total) == ("due", "", 0, 0)

    def test_ends_with_everything_done(self, homeowner):
        progress = queries.progress_of(homeowner.connection)

        assert (progress.state, progress.step, progress.done) == ("done", "done", progress.total)
        assert progress.ready and not progress.empty and progress.sites == (homeowner.site,)
