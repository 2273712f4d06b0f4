from django.urls import reverse

from gridshare_portal.sites import models as sites


class TestTheConnectionPage:
    def test_shows_health_permissions_and_the_last_reading(self, homeowner):
        page = homeowner.get(reverse("homeowner:connection"))

        assert "Working" in page.text
        assert "See your home and its readings" in page.text

    def test_names_what_is_not_allowed_and_offers_to_add_it(self, reader):
        page = reader.get(reverse("homeowner:connection"))

        assert page.text.count("not allowed") == 2
        assert f"{reverse('lunar_connect')}?add=lunar%2Fplan.write" in page.text

    def test_disconnects_only_after_asking(self, homeowner):
        address = reverse("homeowner:disconnect", args=[homeowner.connection.pk])

        assert "Also delete what is stored here" in homeowner.get(address).text
        assert homeowner.connection.status == "active"

        homeowner.post(address)
        assert homeowner.connection.status == "disconnected"
        assert homeowner.get("/", follow=True).status_code == 200

    def test_deletes_the_readings_if_asked(self, homeowner):
        site = homeowner.site

        homeowner.post(reverse("homeowner:disconnect", args=[homeowner.connection.pk]), {"forget": "on"})

        assert not sites.Site.objects.filter(pk=site.pk).exists()

    def test_lets_nobody_end_somebody_elses(self, homeowner, neighbor):
        page = neighbor.post(reverse("homeowner:disconnect", args=[homeowner.connection.pk]))

        assert page.status_code == 404
        assert homeowner.connection.status == "active"
