import pytest
from django.urls import reverse

from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

ADDRESS = "/account/delete/"


def delete(somebody, email=None):
    return somebody.post(ADDRESS, {"email": email or somebody.user.email})


def is_there(somebody):
    return accounts.User.objects.filter(pk=somebody.user.pk).exists()


class TestThePage:
    def test_says_what_goes_and_what_stays_before_anything_does(self, homeowner):
        page = homeowner.get(ADDRESS)

        for said in (
            "The keys to your Lunar account",
            homeowner.site.name,
            homeowner.user.email,
            "What stays",
        ):
            assert said in page.text
        assert is_there(homeowner)

    def test_is_reached_from_every_page_and_from_the_connection(self, homeowner):
        page = homeowner.get(reverse("homeowner:connection"))

        assert page.text.count(f'href="{reverse("homeowner:delete_account")}"') == 2

    def test_speaks_of_no_keys_to_who_never_connected(self, stranger):
        assert "The keys to your Lunar account" not in stranger.get(ADDRESS).text


class TestDeleting:
    def test_takes_the_person_the_connection_and_the_home(self, homeowner):
        home, connection = homeowner.site.pk, homeowner.connection.pk

        delete(homeowner)

        assert not is_there(homeowner)
        assert not lunar.Connection.objects.filter(pk=connection).exists()
        assert not sites.Site.objects.filter(pk=home).exists()

    def test_ends_the_keys_at_lunar(self, homeowner):
        before = lunar.Revocation.objects.count()

        delete(homeowner)

        assert lunar.Revocation.objects.count() == before + 1

    def test_leaves_the_home_to_who_has_connected_it_too(self, homeowner, co_owner):
        home = homeowner.site

        delete(homeowner)

        assert co_owner.get(reverse("homeowner:site", args=[home.synth_id])).status_code == 200

    def test_signs_out_and_says_so_on_the_front_page(self, homeowner):
        page = homeowner.post(ADDRESS, {"email": homeowner.user.email}, follow=True)

        assert page.redirect_chain == [("/", 302)]
        assert "Your account is deleted." in page.text
        assert homeowner.get(reverse("homeowner:sites")).status_code == 302

    def test_ends_the_session_while_it_is_still_known_whose_it_was(self, homeowner):
        who, before = homeowner.user.pk, homeowner.session.session_key

        delete(homeowner)

        assert audit.Event.objects.filter(name="signed_out", actor_id=who).count() == 1
        assert homeowner.session.session_key != before

    def test_leaves_a_line_in_the_record(self, homeowner):
        who = homeowner.user.pk

        delete(homeowner)

        assert audit.Event.objects.filter(name="user_deleted", actor_id=who, subject_id=who).count() == 1

    def test_takes_the_address_in_any_case(self, stranger):
        delete(stranger, stranger.user.email.upper())

        assert not is_there(stranger)

    def test_touches_nobody_else(self, homeowner, neighbor):
        delete(homeowner)

        assert is_there(neighbor) and neighbor.connection.status == "active"

    def test_is_undone_whole_where_it_cannot_be_done_whole(self, homeowner, monkeypatch):
        def refuse(*_args, **_options):
            raise RuntimeError("the database went away")

        monkeypatch.setattr(accounts.User, "delete", refuse)
        with pytest.raises(RuntimeError):
            delete(homeowner)

        assert not audit.Event.objects.filter(name="user_deleted").exists()
        assert homeowner.connection.status == "active"


class TestASlip:
    @pytest.mark.parametrize("typed", ["", "ben@portal.example", "ada@portal.example.org", "x" * 300])
    def test_deletes_nothing_and_is_told_at_the_field(self, homeowner, typed):
        page = homeowner.post(ADDRESS, {"email": typed})

        assert page.status_code == 422
        assert "Nothing was deleted." in page.text and 'aria-invalid="true"' in page.text
        assert is_there(homeowner) and homeowner.connection.status == "active"
        assert not audit.Event.objects.filter(name="user_deleted").exists()

    def test_does_not_sign_out(self, homeowner):
        delete(homeowner, "somebody@portal.example")

        assert homeowner.get(reverse("homeowner:sites")).status_code == 200

    def test_sent_without_anything_typed_deletes_nothing(self, homeowner):
        assert homeowner.post(ADDRESS).status_code == 422
        assert is_there(homeowner)
