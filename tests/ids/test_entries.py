"""One entry that cannot be used takes no neighbor along, is told on the page and named in the log."""

import copy
import logging
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.sandbox.api import topology as sandbox_topology
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries
from tests import people
from tests.ids.shown import CONNECTION, DEVICES, DIAGNOSIS, HOME, LIST, TREE, collected, spoiled

pytestmark = pytest.mark.django_db


class TestAnEntryThatCannotBeUsed:
    BAD = ("..", "", "a\nb", "x" * 256, "%2e%2e", None, 7)

    @pytest.mark.parametrize("bad", BAD)
    def test_among_the_devices_takes_no_neighbor_along(self, answer, read, sandbox, bad, caplog):
        (device,) = sandbox.world.customer("ada").homes[0].devices
        listed = {"entries": [{"synthId": bad}, {"synthId": device.synth_id}]}
        answer("listDevices", spoiled(listed))
        with caplog.at_level(logging.WARNING):
            shown = read()

        assert shown.site.devices.get().synth_id == device.synth_id
        for where in (HOME, DEVICES, DIAGNOSIS, TREE, CONNECTION):
            assert "1 device could not be read" in shown.text(where), where
        (line,) = [one.getMessage() for one in caplog.records if "listDevices" in one.getMessage()]
        assert "entries[0].synthId" in line and "left out" in line

    @pytest.mark.parametrize("bad", BAD)
    def test_among_the_homes_takes_no_neighbor_along(self, answer, read, sandbox, bad):
        (home,) = sandbox.world.customer("ada").homes
        answer(
            "listSites", spoiled({"entries": [{"siteId": home.site_id}, {"siteId": bad}, {"siteId": bad}]})
        )

        shown = read()

        assert shown.site.synth_id == home.site_id and queries.sensors_of(shown.site).count() == 3
        for where in (LIST, CONNECTION):
            assert "2 homes of this Lunar account could not be read" in shown.text(where), where

    def test_alone_is_not_called_an_answer_of_another_shape(self, answer, sandbox):
        answer("listSites", spoiled({"entries": [{"siteId": ".."}]}))
        owner = people.with_home("ada@portal.example", "ada", sandbox=sandbox)

        text = owner.get(reverse("homeowner:sites")).text

        assert "1 home of this Lunar account could not be read" in text
        assert "Lunar lists no home for this account that can be read" in text
        assert "did not answer as it should" not in text and "knows of no home" not in text

    @pytest.mark.parametrize("bad", BAD)
    def test_among_the_sensors_takes_no_neighbor_along(self, answer, read, sandbox, bad):
        home = sandbox.world.customer("ada").homes[0]
        tree = copy.deepcopy(sandbox_topology.tree(home, dialect="published"))
        tree["root"]["children"][0]["children"][0]["id"] = bad
        answer("getSiteTopology", spoiled(tree))

        shown = read()

        assert queries.sensors_of(shown.site).count() == 2
        for where in (DEVICES, DIAGNOSIS, TREE):
            assert "1 part of this home could not be read" in shown.text(where), where

    def test_among_the_readings_takes_no_neighbor_along(self, read, sandbox, answer, caplog):
        at = (timezone.now() - timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0)
        entries = [{"timestamp": at.isoformat(), "power_W": 100.0}, {"timestamp": "soon"}, "none"]
        shown = read()
        answer("getDeviceTelemetry", spoiled({"entries": entries}))
        with caplog.at_level(logging.WARNING):
            collected(shown)

        assert sites.Sensor.objects.filter(latest__at=at, latest__in_w=100.0).count() == 3
        assert "entries[1].timestamp is no moment" in caplog.text and "soon" not in caplog.text

    def test_is_named_in_the_log_without_what_stood_there(self, answer, read, sandbox, caplog):
        (device,) = sandbox.world.customer("ada").homes[0].devices
        private = [{"synthId": f"ada.lovelace@home.example/../{n}"} for n in range(9)]
        answer("listDevices", spoiled({"entries": [*private, {"synthId": device.synth_id}]}))
        with caplog.at_level(logging.WARNING):
            read()

        assert "lovelace" not in caplog.text and "entries[4].synthId has a dot segment" in caplog.text
        assert "4 more entries are left out" in caplog.text and "entries[5]" not in caplog.text
