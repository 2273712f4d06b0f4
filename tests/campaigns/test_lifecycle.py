"""Campaigns as a form makes them, and what no form would send."""

import re
from datetime import UTC, datetime

import pytest

from gridshare_portal.access import consents
from gridshare_portal.campaigns import brand, lifecycle
from gridshare_portal.campaigns import models as campaigns


class TestMaking:
    @pytest.mark.parametrize(
        ("other", "field", "sentence"),
        [
            ({"name": "\u202e"}, "name", lifecycle.NO_NAME),
            ({"name": "x" * 81}, "name", lifecycle.LONG.format(80, 81)),
            ({"right": "own"}, "right", consents.NO_RIGHT),
            ({"lasts": "ever"}, "lasts", consents.NO_DURATION),
            ({"color": "red;}"}, "color", brand.NOT_A_COLOR),
            ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "ends_on", lifecycle.PAST),
        ],
    )
    def test_refuses_what_no_form_would_send(self, make_campaign, other, field, sentence):
        with pytest.raises(consents.ConsentRefused, match=re.escape(sentence)) as refusal:
            make_campaign(**other)

        assert refusal.value.field == field and not campaigns.Campaign.objects.exists()

    def test_gives_a_second_of_the_same_name_another_address(self, make_campaign):
        assert [make_campaign().slug for _number in range(3)] == [
            "brightgrid-spring-letter", "brightgrid-spring-letter-2", "brightgrid-spring-letter-3",
        ]  # fmt: skip
