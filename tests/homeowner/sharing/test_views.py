"""The pages on which a homeowner shares a home and stops sharing it."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from tests import people
from tests.homeowner.sharing.given import SHARING, held, share


class TestThePage:
    def test_says_who_may_do_what_until_when(self, homeowner, installer, retailer):
        page = homeowner.get(SHARING)

        assert "SunFix" in page.text and "Sees and changes this home <strong>until you stop it" in page.text
        assert "BrightGrid" in page.text and "Sees this home <strong>until you stop it" in page.text

    def test_says_that_nobody_was_let_in(self, homeowner):
        assert "Nobody was let in." in homeowner.get(SHARING).text

    def test_says_of_what_has_passed_that_it_ended_by_itself(self, homeowner, roofworks, now):
        consents.give(
            site=homeowner.site, organization=roofworks, given_by=homeowner.user, right="view",
            lasts="hour", ask_first=False, now=now - timedelta(hours=2),
        )  # fmt: skip
        page = homeowner.get(SHARING)

        assert "Ended by itself" in page.text and "Nobody was let in." in page.text

    def test_shows_what_the_other_homeowner_shared(self, homeowner, co_owner, roofworks):
        share(co_owner, roofworks)

        assert "Shared by Cora" in homeowner.get(SHARING).text

    def test_shows_nothing_that_somebody_shared_who_moved_out(self, homeowner, co_owner, roofworks):
        share(homeowner, roofworks)
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")

        assert "RoofWorks" not in co_owner.get(SHARING).text

    def test_shows_nothing_of_a_neighbor_s(self, homeowner, neighbor, installer):
        assert "SunFix" not in neighbor.get(SHARING).text

    def test_lists_no_home_that_is_only_shared_with_the_visitor(self, installer, homeowner):
        assert homeowner.site.synth_id not in installer.get(SHARING).text

    def test_costs_the_same_queries_however_much_was_shared(self, homeowner, roofworks, brightgrid, now):
        share(homeowner, roofworks)
        with CaptureQueriesContext(database) as few:
            homeowner.get(SHARING)
        for number in range(12):
            share(homeowner, people.organization("installer", f"Installer {number}"))
        share(homeowner, brightgrid)

        with CaptureQueriesContext(database) as many:
            homeowner.get(SHARING)
        assert len(many) <= len(few) <= 10

    def test_shows_names_as_they_were_written_and_runs_none_of_them(self, homeowner, db):
        name = "<script>alert(1)</script>\u202eevil"
        organization = accounts.Organization.objects.create(kind="installer", name=name, slug="evil")
        share(homeowner, organization)
        page = homeowner.get(SHARING)

        assert "<script>alert(1)" not in page.text
        assert "<bdi>&lt;script&gt;" in page.text

    def test_is_linked_from_the_menu(self, homeowner):
        assert f'href="{SHARING}"' in homeowner.get(reverse("homeowner:connection")).text


class TestStopping:
    def stop(self, person, consent):
        return person.post(reverse("homeowner:consent_end", args=[consent.pk]), follow=True)

    def test_is_one_tap_and_holds_at_once(self, homeowner, roofworks, outsider):
        share(homeowner, roofworks)
        page = self.stop(homeowner, held(homeowner.site)[0])

        assert "Stopped. RoofWorks can no longer see or change" in page.text
        assert held(homeowner.site) == []
        assert not policy.sites_visible_to(outsider.user, now=timezone.now()).exists()

    def test_twice_says_that_it_had_ended(self, homeowner, roofworks):
        share(homeowner, roofworks)
        consent = held(homeowner.site)[0]
        self.stop(homeowner, consent)

        assert "That had ended already." in self.stop(homeowner, consent).text

    def test_may_whoever_lives_there(self, homeowner, co_owner, roofworks):
        share(homeowner, roofworks)
        self.stop(co_owner, held(homeowner.site)[0])

        assert held(homeowner.site) == []
        assert "Stopped by Cora" in homeowner.get(SHARING).text

    def test_may_nobody_else(self, homeowner, neighbor, installer, outsider):
        consent = held(homeowner.site)[0]
        for person in (neighbor, installer, outsider):
            assert self.stop(person, consent).status_code == 404
        assert held(homeowner.site) == [consent]

    def test_does_not_happen_by_following_a_link(self, homeowner, sunfix):
        consent = held(homeowner.site)[0]

        assert homeowner.get(reverse("homeowner:consent_end", args=[consent.pk])).status_code == 405
        assert held(homeowner.site) == [consent]

    @pytest.mark.parametrize("pk", [0, 10**6, 10**30])
    def test_of_what_does_not_exist_is_not_found(self, homeowner, pk):
        assert homeowner.post(f"/sharing/{pk}/end/").status_code == 404
