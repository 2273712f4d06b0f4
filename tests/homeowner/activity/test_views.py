"""The activity of a home: who did what, and what came of it."""

from datetime import timedelta

from django.urls import reverse

from gridshare_portal.control import models as control


class TestActivity:
    def test_says_who_did_what_what_was_before_after_and_the_outcome(self, homeowner, mode_page):
        homeowner.post(mode_page, {"mode": "Simple"})
        homeowner.post(mode_page, {"mode": "Smart"})

        page = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id]))
        _kind, _at, newest = page.context["page"].object_list[0]

        assert (newest.who, newest.before, newest.asked, newest.after) == ("You", "Simple", "Smart", "Smart")
        assert newest.title == "Confirmed"

    def test_says_what_the_owner_renamed(self, homeowner):
        home = homeowner.site
        homeowner.post(
            reverse("homeowner:settings", args=[home.synth_id]), {"name": "Maple", "time_zone": "UTC"}
        )

        page = homeowner.get(reverse("homeowner:activity", args=[home.synth_id]))

        assert "Name: Maple, Time zone: UTC" in page.text

    def test_shows_the_last_page_for_a_page_that_is_not_there(self, homeowner):
        for number in ("-1", "1e9", "99999999999", "x", "٣"):
            page = homeowner.get(
                reverse("homeowner:activity", args=[homeowner.site.synth_id]), {"page": number}
            )
            assert page.status_code == 200


class TestChangesByStaff:
    def test_stand_in_the_activity_with_who_and_for_whom(self, inside, homeowner, mode_page):
        page = inside.post(mode_page, {"mode": "Smart", "reason": "As agreed by phone"}, follow=True)
        assert "Confirmed" in page.text

        activity = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id])).text
        assert "Ines (SunFix)" in activity and "As agreed by phone" in activity
        assert "set here by Ines (SunFix)" in homeowner.get(mode_page).text
        assert "set here by you" in inside.get(mode_page).text

    def test_stay_on_lists_of_constant_cost(self, inside, homeowner, proposed, django_assert_max_num_queries):
        known = control.Proposal.objects.get()
        for at in range(12):
            control.Proposal.objects.create(
                **{name: getattr(known, name) for name in ("device", "site", "consent", "kind", "asked")},
                proposer_label="Ines (SunFix)",
                made_at=known.made_at - timedelta(days=at),
                expires_at=known.expires_at,
            )
        page = reverse("homeowner:proposals", args=[homeowner.site.synth_id])

        homeowner.get(page)
        with django_assert_max_num_queries(7):
            homeowner.get(page)
