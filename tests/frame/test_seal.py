"""Only this portal opens a sealed token, and only in its own row."""

import pytest
from cryptography.fernet import Fernet

from gridshare_portal import seal

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


class TestSealing:
    def test_gives_back_what_was_sealed_in_the_same_context(self):
        assert seal.unseal(seal.seal("secret", "row:1"), "row:1") == "secret"

    def test_hides_the_value(self):
        assert "secret" not in seal.seal("secret", "row:1")

    def test_refuses_another_row(self):
        with pytest.raises(seal.SecretUnreadable):
            seal.unseal(seal.seal("secret", "row:1"), "row:2")

    @pytest.mark.parametrize("sealed", ["", "plain text", "gAAAAA", "\x00"])
    def test_refuses_what_was_never_sealed(self, sealed):
        with pytest.raises(seal.SecretUnreadable):
            seal.unseal(sealed, "row:1")

    @pytest.mark.parametrize("place", [3, 12, 40, -20, -3])
    def test_refuses_what_was_altered_anywhere(self, place):
        sealed = list(seal.seal("secret", "row:1"))
        sealed[place] = "A" if sealed[place] != "A" else "B"

        with pytest.raises(seal.SecretUnreadable):
            seal.unseal("".join(sealed), "row:1")

    def test_refuses_a_lost_key_without_giving_the_text_away(self, settings):
        settings.TOKEN_KEYS = [OLD]
        sealed = seal.seal("secret", "row:1")
        settings.TOKEN_KEYS = [NEW]

        with pytest.raises(seal.SecretUnreadable) as refusal:
            seal.unseal(sealed, "row:1")

        assert sealed not in str(refusal.value) and "secret" not in str(refusal.value)


class TestRotatingKeys:
    def test_needs_the_old_key_only_until_everything_is_sealed_again(self, settings):
        settings.TOKEN_KEYS = [OLD]
        sealed = seal.seal("secret", "row:1")
        settings.TOKEN_KEYS = [NEW, OLD]
        assert seal.unseal(sealed, "row:1") == "secret"
        again = seal.rotate(sealed)
        settings.TOKEN_KEYS = [NEW]

        assert seal.unseal(again, "row:1") == "secret"

    def test_keeps_the_row_it_is_bound_to(self, settings):
        again = seal.rotate(seal.seal("secret", "row:1"))

        with pytest.raises(seal.SecretUnreadable):
            seal.unseal(again, "row:2")
