import numpy as np
import pytest

from gridshare_portal.sandbox.simulation import dice


class TestDice:
    def test_fall_the_same_for_the_same_words_and_apart_for_others(self):
        assert dice.key(1, "a") == dice.key(1, "a")
        assert len({dice.key(1, "a"), dice.key(2, "a"), dice.key(1, "b"), dice.key("1a")}) == 4

    def test_fall_evenly(self):
        rolls = dice.rolls(7, np.arange(100_000))

        assert rolls.min() >= 0 and rolls.max() < 1
        assert rolls.mean() == pytest.approx(0.5, abs=0.01)
        assert np.histogram(rolls, bins=10)[0] == pytest.approx([10_000] * 10, rel=0.05)
        assert abs(np.corrcoef(rolls[:-1], rolls[1:])[0, 1]) < 0.02

    def test_fall_alike_alone_and_in_a_row(self):
        assert dice.rolls(7, np.arange(50))[31] == dice.roll(7, 31)

    def test_make_a_wave_without_jumps_that_any_slice_shows_alike(self):
        whole = dice.wave(3, 1000, 500, every=18)

        assert np.abs(np.diff(whole)).max() < 0.1
        assert dice.wave(3, 1200, 50, every=18).tolist() == whole[200:250].tolist()
        assert dice.wave(3, 1008, 1, every=18)[0] == dice.roll(3, 56)
