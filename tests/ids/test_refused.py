"""A tree or readings that the service does not give: each page says why, and waits only where that helps."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.sites import queries
from gridshare_portal.telemetry import collect
from tests.ids.shown import (
    ALL,
    DEVICES,
    DIAGNOSIS,
    FOREVER,
    HOME,
    LIST,
    PORTFOLIO,
    REFUSED,
    SENSORS,
    TREE,
    again,
    collected,
    spoiled,
    status,
    tree_of,
)

pytestmark = pytest.mark.django_db

TREES = {  # answer to getSiteTopology: what is said of it
    "refused": (REFUSED, "Lunar refuses to tell how this home is put together"),
    "not found": (status(404), "answers that it does not know how it is put together"),
    "no such route": (("wrong_route", {}), "That is our fault"),
    "not understood": (status(400), "That is our fault"),
    "unprocessable": (status(422), "That is our fault"),
    "a web page": (("html_page", {}), "answered in a way that the portal cannot read"),
    "a list": (spoiled([1]), "answered in a way that the portal cannot read"),
    "a root that is a text": (spoiled({"root": "home"}), "answered in a way that the portal cannot read"),
    "no root": (spoiled({"root": None}), "Lunar answered and named no part of it"),
    "nothing": (spoiled({}), "Lunar answered and named no part of it"),
    "no sensor": (
        spoiled(tree_of({"id": "c1", "kind": "circuit"}, {"id": "c2", "kind": "flux"})),
        "Lunar lists 3 parts of this home, and no sensor among them that can be asked.",
    ),
    "a sensor without an id": (
        spoiled(tree_of({"kind": "sensor", "channels": ["power_W"]})),
        "no sensor among them that can be asked.",
    ),
    "sensors that say nothing": (
        spoiled(tree_of(*SENSORS)),
        "Lunar lists 2 sensors in this home, and nothing says what is measured.",
    ),
}
READINGS = {  # answer to getDeviceTelemetry
    "refused": (REFUSED, "Lunar refuses the readings of this home’s sensors."),
    "not found": (status(404), "answers that it does not know their readings."),
    "not understood": (status(400), "how the portal asks for the readings of this home. That is our fault."),
    "a web page": (("html_page", {}), "Asked for the readings of this home, Lunar answered in a way"),
    "entries without a moment": (
        spoiled({"entries": [{"timestamp": "24:00", "power_W": 1}]}),
        "Asked for the readings of this home, Lunar answered in a way",
    ),
}
COMES = {
    "none": (spoiled({"entries": []}), "has no readings of this home so far"),
    "an error": (status(500), "Lunar did not answer when it was asked for the readings of this home."),
}


class TestATreeThatCannotBeHad:
    @pytest.mark.parametrize("where", ALL)
    @pytest.mark.parametrize("name", TREES)
    def test_is_said_with_its_reason(self, answer, read, name, where):
        fault, said = TREES[name]
        answer("getSiteTopology", fault)

        text = read().text(where)

        assert said in text
        assert [word for word in FOREVER if word in text] == []

    @pytest.mark.parametrize("where", ALL)
    @pytest.mark.parametrize("fault", [status(500), ("truncated", {}), ("too_many", {"retry_after": 60})])
    def test_for_a_while_says_that_the_portal_goes_on_asking(self, answer, read, fault, where):
        answer("getSiteTopology", fault)

        shown = read()

        assert "when it was asked how this home is put together. The portal goes on asking." in shown.text(
            where
        )

    def test_does_not_hold_the_homeowner_at_the_door(self, answer, read, sandbox):
        answer("getSiteTopology", REFUSED)
        shown = read()

        assert queries.progress_of(shown.owner.connection).ready
        assert "Fetching your home" not in shown.text(LIST)
        assert "Lunar Energy Battery 20" in shown.text(DEVICES)  # what is listed is shown all the same
        battery = shown.site.devices.get()
        assert "Plan the next hours" in shown.got(
            shown.owner, reverse("homeowner:control", args=[shown.site.synth_id])
        )
        assert "has no sensors of its own" in shown.got(
            shown.owner, reverse("homeowner:device", args=[battery.synth_id])
        )

    def test_after_it_could_says_since_when_and_shows_what_was_known(self, answer, read):
        shown = read()
        answer("getSiteTopology", REFUSED)
        again(shown)

        for where in (DEVICES, DIAGNOSIS, TREE):
            text = shown.text(where)
            assert "Since " in text and "What is shown here is from before." in text, where
        assert "How they belong together" in shown.text(DEVICES)

    def test_is_shown_as_soon_as_it_can_be_had(self, answer, read, sandbox):
        answer("getSiteTopology", REFUSED)
        shown = read()
        sandbox.faults.clear()
        again(shown)

        for where in ALL:
            assert "Lunar refuses" not in shown.text(where), where
        assert queries.sensors_of(shown.site).count() == 3


class TestReadingsThatCannotBeHad:
    @pytest.mark.parametrize("where", [HOME, LIST, PORTFOLIO])
    @pytest.mark.parametrize("name", READINGS)
    def test_are_said_with_their_reason(self, answer, read, name, where):
        fault, said = READINGS[name]
        answer("getDeviceTelemetry", fault)
        shown = read()
        collected(shown)

        text = shown.text(where)

        assert said in text
        assert [word for word in FOREVER if word in text] == []

    @pytest.mark.parametrize("where", [HOME, LIST, PORTFOLIO])
    @pytest.mark.parametrize("name", COMES)
    def test_for_a_while_are_waited_for_in_words_that_stay_true(self, answer, read, name, where):
        fault, said = COMES[name]
        answer("getDeviceTelemetry", fault)
        shown = read()
        collected(shown)

        text = shown.text(where)

        assert said in text and "in a moment" not in text and "on their way" not in text

    def test_end_the_page_that_fetches_instead_of_leaving_it_there(self, answer, read):
        shown = read()
        collect.begin(site=shown.site, now=timezone.now())
        part = reverse("homeowner:progress", args=[shown.site.synth_id])
        assert "HX-Refresh" not in shown.owner.get(part).headers
        answer("getDeviceTelemetry", REFUSED)
        collected(shown)

        assert shown.owner.get(part).headers["HX-Refresh"] == "true"
        assert "Fetching the last 48 hours" not in shown.text(HOME)
