"""What may be asked of Lunar."""

import pytest

from gridshare_portal.lunar import scopes


class TestChoosing:
    def test_keeps_reading_before_changing(self):
        assert scopes.chosen([scopes.PLAN_WRITE, scopes.DEVICE_READ]) == (
            scopes.DEVICE_READ,
            scopes.PLAN_WRITE,
        )

    def test_shows_everything_that_reads_before_anything_that_changes(self):
        writes = [scope.writes for scope in scopes.SCOPES]

        assert writes == sorted(writes)

    @pytest.mark.parametrize(
        "ids",
        [
            [],
            [""],
            ["openid"],
            [scopes.DEVICE_READ, "aws.cognito.signin.user.admin"],
            ["lunar/device.read lunar/plan.write"],
            ["LUNAR/DEVICE.READ"],
        ],
    )
    def test_asks_for_nothing_when_anything_unknown_is_named(self, ids):
        assert scopes.chosen(ids) == ()
