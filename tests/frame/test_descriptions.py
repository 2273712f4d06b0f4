"""What a search engine and a shared link say of a page."""

import re

import pytest
from django.urls import reverse


class TestDescriptions:
    def said(self, page):
        [found] = re.findall(r'<meta\s+name="description"\s+content="([^"]*)"', page.text)
        return found

    @pytest.mark.django_db
    def test_of_pages_for_everybody_are_each_their_own(self, visitor, sunfix):
        addresses = ("/", "/what-we-keep/", "/accounts/login/", "/accounts/signup/", "/organizations/rights/")
        share = reverse("homeowner:share_link", args=[sunfix.slug])
        said = [self.said(visitor.get(one)) for one in (*addresses, "/connect/", share)]

        assert len(set(said)) == len(said) == 7
        assert all(50 < len(one) < 170 for one in said) and sunfix.name in said[-1]

    @pytest.mark.django_db
    def test_of_a_home_say_nothing_of_it(self, homeowner):
        site = homeowner.site
        type(site).objects.filter(pk=site.pk).update(name="Maple Street")
        said = {self.said(homeowner.get(f"/homes/{site.synth_id}/{path}")) for path in ("", "history/")}

        assert len(said) == 1 and "Maple" not in said.pop()
