"""Saved views: one's own, shared ones, and never another organization's."""

import pytest

from gridshare_portal.portfolio.models import SavedView
from gridshare_portal.portfolio.table import saved_views
from tests import people

VIEWS = "/portfolio/brightgrid/views/"
TABLE = "/portfolio/brightgrid/homes/"


@pytest.fixture
def colleague(brightgrid):
    return people.staff("rolf@brightgrid.example", brightgrid, "operator")


def keep(visitor, **said):
    return visitor.post(VIEWS, {"name": "Ended", "list": "state=reconnect&sort=-charge", **said})


@pytest.mark.django_db
class TestAView:
    def test_leads_to_where_it_was_kept(self, admin):
        page = keep(admin)
        view = SavedView.objects.get()

        assert page.headers["Location"] == f"{TABLE}?state=reconnect&sort=-charge"
        assert admin.get(f"{VIEWS}{view.pk}/").headers["Location"] == page.headers["Location"]
        assert f'href="{VIEWS}{view.pk}/"' in admin.get(TABLE).text

    def test_is_one_s_own_unless_it_is_shared(self, admin, colleague):
        keep(admin)
        keep(admin, name="All see it", is_shared="on")
        own, shared = SavedView.objects.order_by("pk")

        assert colleague.get(f"{VIEWS}{own.pk}/").status_code == 404
        assert colleague.post(f"{VIEWS}{own.pk}/delete/").status_code == 404
        assert colleague.get(f"{VIEWS}{shared.pk}/").status_code == 302
        assert "Ended" not in colleague.get(TABLE).text.partition("homes-filters")[0]

    def test_of_another_organization_does_not_exist(self, admin, colleague):
        other = people.organization("retailer", "OtherGrid")
        stranger = people.staff("olga@other.example", other, "admin")
        keep(admin, is_shared="on")
        view = SavedView.objects.get()

        for base in (VIEWS, "/portfolio/othergrid/views/"):
            assert stranger.get(f"{base}{view.pk}/").status_code == 404
            assert stranger.post(f"{base}{view.pk}/delete/").status_code == 404
        assert SavedView.objects.filter(pk=view.pk).exists()

    def test_is_replaced_by_one_of_the_same_name(self, admin):
        keep(admin)
        keep(admin, list="has=ev")

        assert SavedView.objects.get().query == "has=ev"

    def test_keeps_only_what_an_address_can_say(self, admin):
        keep(admin, list="state=reconnect&next=//evil.example&q=%3Cscript%3E&after=1~a&sort=zzz")

        assert SavedView.objects.get().query == "q=%3Cscript%3E&state=reconnect"
        assert "<script>" not in admin.get(f"{TABLE}?q=%3Cscript%3E").text.replace("<script nonce", "")

    @pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b"])
    def test_without_a_good_name_is_not_kept(self, admin, name):
        page = keep(admin, name=name)

        assert page.status_code == 422 and "errorlist" in page.text
        assert not SavedView.objects.exists()

    def test_shows_its_name_as_it_is_and_never_as_markup(self, admin):
        keep(admin, name="<i>=1+1</i>")

        assert "&lt;i&gt;=1+1" in admin.get(TABLE).text and "<i>=1" not in admin.get(TABLE).text

    def test_of_a_viewer_is_never_shared(self, viewer_there, admin):
        assert keep(viewer_there).status_code == 302
        assert keep(viewer_there, is_shared="on").status_code == 403
        keep(admin, is_shared="on")
        shared = SavedView.objects.get(owner=None)
        assert viewer_there.post(f"{VIEWS}{shared.pk}/delete/").status_code == 403

    def test_is_deleted_by_its_owner(self, admin):
        keep(admin)

        assert admin.post(f"{VIEWS}{SavedView.objects.get().pk}/delete/").status_code == 302
        assert not SavedView.objects.exists()

    def test_is_one_of_so_many(self, admin, monkeypatch):
        monkeypatch.setattr(saved_views, "MOST", 2)
        keep(admin, name="1")
        keep(admin, name="2")

        assert keep(admin, name="2").status_code == 302
        assert keep(admin, name="3").status_code == 422
