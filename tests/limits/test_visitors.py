"""Whose request it is, behind proxies: what is believed, and of whom."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gridshare_portal.limits import visitors

OURS = visitors.trusted(["10.0.0.0/8", "fd00::/8"])
PROXY, FIRST_PROXY = "10.0.0.7", "10.0.0.1"
PUBLIC = some.ip_addresses().filter(
    lambda one: (
        visitors.parsed(str(one)) == one and not OURS.holds(one) and not getattr(one, "scope_id", None)
    )
)
PROXIES = some.ip_addresses(network="10.0.0.0/8") | some.ip_addresses(network="fd00::/8")
JUNK = some.text(max_size=30) | some.sampled_from(
    ["unknown", "_hidden", "1.2.3", "::1::", "[", '"', "999.1.1.1"]
)


def written(address, way):
    """Write an address as proxies do: bare, with a port, quoted."""
    in_brackets = f"[{address}]" if address.version == 6 else str(address)
    return {"bare": str(address), "port": f"{in_brackets}:4711", "quoted": f' "{in_brackets}:80"'}[way]


class TestAVisitorBehindOurProxies:
    @given(
        PUBLIC, some.lists(PROXIES, max_size=4), some.lists(JUNK, max_size=3), PROXIES,
        some.sampled_from(["bare", "port", "quoted"]),
    )  # fmt: skip
    def test_is_whom_the_outermost_of_them_names_whatever_the_visitor_claims(
        self, visitor, chain, claimed, peer, way
    ):
        header = ", ".join([*claimed, written(visitor, way), *map(str, chain)])

        assert visitors.visitor_of(str(peer), header, proxies=OURS) == str(visitor)

    @given(some.text(max_size=200), some.text(max_size=60))
    def test_always_has_an_address(self, peer, header):
        assert ipaddress.ip_address(visitors.visitor_of(peer, header, proxies=OURS))

    @pytest.mark.parametrize(
        ("header", "visitor"),
        [
            ("", PROXY),  # the proxy asks for itself
            ("junk", PROXY),
            ("203.0.113.9, junk", PROXY),  # what is left of it nobody vouches for
            ("203.0.113.9, junk, 10.0.0.1", FIRST_PROXY),
            ("10.0.0.2, 10.0.0.1", "10.0.0.2"),  # all ours: the first of them
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("fe80::1%eth0", "fe80::1"),
            ("203.0.113.9,", PROXY),
            ("1.1.1.1, " * 5_000 + "203.0.113.9", "203.0.113.9"),
        ],
    )
    def test_is_the_last_that_somebody_vouches_for(self, header, visitor):
        assert visitors.visitor_of(PROXY, header, proxies=OURS) == visitor

    def test_over_a_unix_socket_is_believed_only_where_that_is_named(self):
        named = visitors.trusted(["unix"])

        assert visitors.visitor_of("", "203.0.113.9", proxies=named) == "203.0.113.9"
        assert visitors.visitor_of("unix:/run/portal.sock", "203.0.113.9", proxies=named) == "203.0.113.9"
        assert visitors.visitor_of("", "203.0.113.9", proxies=OURS) == visitors.NOBODY
        assert visitors.visitor_of("", "", proxies=named) == visitors.NOBODY

    def test_of_a_server_on_both_protocols_is_known_by_its_plain_address(self):
        assert visitors.visitor_of("::ffff:10.0.0.7", "203.0.113.9", proxies=OURS) == "203.0.113.9"


class TestWhoeverIsNoProxyOfOurs:
    @given(PUBLIC, some.text(max_size=60) | PUBLIC.map(str))
    def test_is_the_visitor_whatever_the_header_says(self, peer, header):
        assert visitors.visitor_of(str(peer), header, proxies=OURS) == str(peer)
        assert visitors.visitor_of(str(peer), header, proxies=visitors.trusted([])) == str(peer)


class TestTheSetting:
    def test_takes_addresses_networks_and_words(self):
        proxies = visitors.trusted([" 127.0.0.1 ", "10.1.2.3/8", "", "private"])

        assert [proxies.has(one) for one in ("127.0.0.1", "10.9.9.9", "192.168.3.4", "8.8.8.8", "")] == [
            True, True, True, False, True,
        ]  # fmt: skip

    def test_names_nobody_where_it_is_empty(self):
        assert not visitors.trusted([])
        assert not visitors.trusted([]).has("127.0.0.1") and not visitors.trusted([]).has("")

    @pytest.mark.parametrize("word", ["nginx", "10.0.0.0/33", "1.2.3", "*"])
    def test_that_cannot_be_read_is_a_sentence_for_the_operator(self, word):
        with pytest.raises(ValueError, match="is no address and no network"):
            visitors.trusted([word])
