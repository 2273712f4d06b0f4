"""The access log as a file."""

import pytest
from django.urls import reverse

from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import names
from tests import streamed

NAME = names.Name


def rows(reader, site=None, **asked):
    address = reverse("homeowner:access_log_csv", args=[(site or reader.site).synth_id])
    answer = reader.get(address, asked)
    assert answer.status_code == 200
    return streamed.rows(answer)


class TestTheFile:
    def test_has_the_same_lines_in_the_home_s_own_time(self, homeowner, installer, look, now):
        look(installer, at=now)
        head, *lines = rows(homeowner)

        assert head == ["Home", "When", "Who", "Organization", "What", "Reason", "In their words"]
        assert lines[0][2:] == [
            "Ines",
            "SunFix",
            "looked at the history of readings",
            "A fault we noticed",
            "he called us",
        ]
        assert lines[0][1] == now.astimezone(homeowner.site.zone).isoformat(timespec="seconds")

    @pytest.mark.parametrize(
        "evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\u202e=1", "＝1", " =1", "\r\n=1"]
    )
    def test_has_no_cell_that_becomes_a_formula(self, homeowner, installer, look, evil):
        accounts.User.objects.filter(pk=installer.user.pk).update(name=evil)
        accounts.Organization.objects.update(name=evil)
        installer.user.refresh_from_db()
        look(installer, words=evil, page=evil)

        for cell in [cell for row in rows(homeowner) for cell in row]:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝")) and "\u202e" not in cell

    def test_is_narrowed_like_the_page(self, homeowner, installer, retailer, look):
        look(installer)
        look(retailer)

        assert [row[2] for row in rows(homeowner, person=installer.user.pk)] == ["Who", "Ines"]

    def test_is_for_those_who_live_there(self, homeowner, installer, neighbor):
        address = reverse("homeowner:access_log_csv", args=[homeowner.site.synth_id])

        assert installer.get(address).status_code == 403
        assert neighbor.get(address).status_code == 404

    def test_is_named_after_the_home(self, homeowner):
        homeowner.site.__class__.objects.update(name='A "quoted"/name\r\nX: y')
        answer = homeowner.get(reverse("homeowner:access_log_csv", args=[homeowner.site.synth_id]))

        assert (
            answer.headers["Content-Disposition"] == 'attachment; filename="a-quotedname-x-y_who-looked.csv"'
        )
