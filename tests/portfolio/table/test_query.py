"""What an address asks of the homes table."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.portfolio.table import query as asking
from tests.portfolio.table.listed import read


@pytest.mark.django_db
class TestTheFilters:
    @given(
        st.dictionaries(
            st.sampled_from(
                ["q", "state", "charge_from", "group", "sort", "after", "before", "show", "zone"]
            ),
            st.text(max_size=30),
        )
    )
    def test_of_any_address_can_be_said_again(self, said):
        query = QueryDict(mutable=True)
        query.update(said)
        asked = asking.read(query)

        assert read(asked.address).address == asked.address
