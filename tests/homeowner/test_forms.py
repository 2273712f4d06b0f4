import pytest
from django.http import QueryDict

from gridshare_portal.homeowner import forms
from gridshare_portal.sites import models as sites


def details(**typed):
    device = sites.Device(synth_id="d1", manufacturer="Lunar", model="Battery 20", serial_number="SN-1")
    sent = QueryDict(mutable=True)
    sent.update({"manufacturer": "Lunar", "model": "Battery 20", "serial_number": "SN-1", **typed})
    return forms.Details(sent, device=device)


class TestDetails:
    def test_are_only_what_is_different(self):
        form = details(model="Battery 30")

        assert form.is_valid()
        assert form.changes() == {"model": "Battery 30"}

    def test_cannot_be_emptied(self):
        form = details(serial_number="")

        assert not form.is_valid()
        assert form.errors["serial_number"] == ["This cannot be emptied, only corrected."]

    @pytest.mark.parametrize(
        "said", ["serialNumber is taken", "The serial_number is taken", "Serial number: taken"]
    )
    def test_bear_lunars_refusal_where_it_names_a_field(self, said):
        form = details(model="Battery 30", serial_number="SN-2")
        assert form.is_valid()

        form.refuse("Lunar refused this change.", said)

        assert list(form.errors) == ["serial_number"]

    def test_bear_a_refusal_that_names_none_above_all(self):
        form = details(model="Battery 30", serial_number="SN-2")
        assert form.is_valid()

        form.refuse("Lunar refused this change.", "No.")

        assert form.non_field_errors() == ["Lunar refused this change. Lunar says: No."]


class TestAnyForm:
    def test_refuses_a_field_that_came_twice(self):
        form = forms.SiteSettings(QueryDict("name=One&name=Two&time_zone=UTC"))

        assert not form.is_valid()
        assert "name" in form.errors

    @pytest.mark.parametrize("text", ["a\x00b", "", " ", "x" * 81])
    def test_refuses_a_name_that_cannot_be(self, text):
        sent = QueryDict(mutable=True)
        sent.update({"name": text, "time_zone": "UTC"})

        assert "name" in forms.SiteSettings(sent).errors

    @pytest.mark.parametrize("zone", ["", "Mars/Phobos", "../../etc/passwd", "utc"])
    def test_refuses_a_time_zone_that_is_none(self, zone):
        sent = QueryDict(mutable=True)
        sent.update({"name": "Home", "time_zone": zone})

        assert "time_zone" in forms.SiteSettings(sent).errors
