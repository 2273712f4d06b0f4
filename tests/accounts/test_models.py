"""One person per address, whatever the case of its letters."""

import pytest
from django.contrib.auth import hashers
from django.db import IntegrityError, transaction

from gridshare_portal.accounts.models import User

pytestmark = pytest.mark.django_db


class TestAPassword:
    def test_of_whoever_has_one_all_the_same_is_kept_by_a_slow_function(self):
        hasher = hashers.get_hasher("default")

        assert hasher.algorithm == "pbkdf2_sha256" and hasher.iterations >= 600_000
        kept = hasher.encode("a word", hasher.salt())
        assert "a word" not in kept and hasher.verify("a word", kept)


class TestAUser:
    def test_is_found_whatever_the_case(self):
        user = User.objects.create_user(" Ada@Portal.Example ")

        assert user.email == "ada@portal.example"
        assert User.objects.get_by_natural_key("ADA@portal.example") == user

    @pytest.mark.parametrize("again", ["ada@portal.example", "ADA@PORTAL.EXAMPLE"])
    def test_exists_once_per_address(self, again):
        User.objects.create_user("ada@portal.example")

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(again)

    def test_exists_once_per_address_even_past_save(self):
        User.objects.create_user("ada@portal.example")

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email="ADA@portal.example")])

    def test_has_no_password_unless_one_is_given(self):
        assert not User.objects.create_user("ada@portal.example").has_usable_password()
        assert User.objects.create_superuser("staff@portal.example", "a long password").check_password(
            "a long password"
        )

    def test_needs_an_address(self):
        with pytest.raises(ValueError, match="e-mail"):
            User.objects.create_user("")

    @pytest.mark.parametrize(("name", "words"), [("Ada L.", "Ada L."), ("", "ada@portal.example")])
    def test_is_called_by_name_where_known(self, name, words):
        assert str(User(email="ada@portal.example", name=name)) == words
