import pytest
from django.urls import reverse


class TestTheFrontPage:
    def test_says_what_this_is_and_leads_to_lunar(self, db, visitor):
        page = visitor.get("/")

        assert page.status_code == 200
        assert reverse("lunar_connect") in page.text
        assert reverse("account_login") in page.text

    def test_leads_the_owner_of_one_home_there(self, homeowner):
        assert homeowner.get("/").url == reverse("homeowner:site", args=[homeowner.site.synth_id])

    def test_leads_the_owner_of_two_homes_to_the_list(self, neighbor):
        assert neighbor.get("/").url == reverse("homeowner:sites") + "?first"

    def test_leads_who_is_new_to_an_invitation_to_connect(self, stranger):
        page = stranger.get("/", follow=True)

        assert "Your homes will be here as soon as you connect" in page.text

    def test_has_no_script_and_no_style_of_its_own_in_the_page(self, db, visitor):
        page = visitor.get("/")

        assert " style=" not in page.text
        assert page.text.count("<script") == page.text.count(
            '<script type="importmap" nonce='
        ) + page.text.count(" src=")


class TestTheColors:
    @pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/connect/", "/nowhere/"])
    def test_are_offered_to_who_is_not_signed_in(self, db, visitor, path):
        page = visitor.get(path)

        assert page.text.count(f'action="{reverse("homeowner:theme")}"') == 1
        assert f'name="next" value="{path}"' in page.text

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_stay_as_chosen(self, db, visitor, theme):
        visitor.post(reverse("homeowner:theme"), {"theme": theme, "next": "/"})

        assert f'<html lang="en" data-theme="{theme}">' in visitor.get("/").text

    def test_follow_the_system_again(self, db, visitor):
        visitor.post(reverse("homeowner:theme"), {"theme": "dark"})
        visitor.post(reverse("homeowner:theme"), {"theme": "system"})

        assert '<html lang="en">' in visitor.get("/").text

    def test_cannot_be_made_into_markup(self, db, visitor):
        visitor.cookies["theme"] = '"><script>'

        assert '<html lang="en">' in visitor.get("/").text

    @pytest.mark.parametrize(
        "next_",
        [
            "//evil.example",
            "/\\evil.example",
            "https://ok@evil.example",
            "javascript:alert(1)",
            "/\r\nSet-Cookie:x=1",
            "somewhere",
            "homeowner:sites",
            "",
            "/" + "x" * 5000,
        ],
    )
    def test_lead_nowhere_else(self, db, visitor, next_):
        page = visitor.post(reverse("homeowner:theme"), {"theme": "dark", "next": next_})

        assert (page.status_code, page.url) == (302, "/")

    def test_are_chosen_by_post_alone(self, db, visitor):
        assert visitor.get(reverse("homeowner:theme")).status_code == 405


class TestAnAddress:
    @pytest.mark.parametrize(
        "path",
        [
            "/homes/../",
            "/homes/%2e%2e/",
            "/homes/..%2f..%2fsites/",
            "/homes/a%2f..%2f..%2fsites/",
            "/homes/d1%3Fx=/",
            "/homes/d1%23x/",
            "/homes/d1;x=1/",
            "/homes/%00/",
            "/homes/a%0d%0aSet-Cookie:x=1/",
            "/homes/%20/",
            "/homes/%EF%BD%81/",
            "/homes/%ED%A0%80/",
            f"/homes/{'a' * 9000}/",
            "/devices/%00/",
            f"/devices/{'a' * 9000}/mode/",
            "/sensors/99999999999999999999999/role/",
            "/changes/not-a-uuid/",
            "/connection/99999999999999999999999/disconnect/",
        ],
    )
    def test_that_cannot_be_does_not_exist(self, homeowner, path):
        page = homeowner.post(path) if "/role/" in path else homeowner.get(path)

        assert page.status_code == 404

    def test_of_somebody_elses_home_looks_like_one_that_nobody_has(self, homeowner, neighbor):
        theirs = neighbor.get(reverse("homeowner:site", args=[homeowner.site.synth_id]))
        nobodys = neighbor.get(reverse("homeowner:site", args=["nobody-has-this"]))

        assert theirs.status_code == nobodys.status_code == 404
        assert plain(theirs) == plain(nobodys)


def plain(page):
    """The page without what differs with every request: the address itself, tokens and nonces."""
    kept = (line for line in page.text.splitlines() if "csrf" not in line and "nonce" not in line)
    return [line for line in kept if 'name="next"' not in line]
