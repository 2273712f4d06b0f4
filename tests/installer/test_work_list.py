from django.urls import reverse


def work_list(person, name="homes", **query):
    return person.get(reverse(f"installer:{name}", args=[person.organization.slug]), query)


class TestTheWorkList:
    def test_shows(self, installer, case):
        page = work_list(installer)
        assert page.status_code == 200
        assert case.site.name in page.text

    def test_all(self, installer, case):
        for name in ("all_homes", "digest", "homes_csv"):
            assert work_list(installer, name).status_code == 200
        assert installer.get(reverse("installer:case", args=["sunfix", case.pk])).status_code == 200
