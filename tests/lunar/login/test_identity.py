"""A token is believed only when Lunar signed it, just now, for this portal."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gridshare_portal.lunar.login import identity


@pytest.fixture
def claims(sandbox):
    token = sandbox.pool.grant("ada")["access_token"]
    return jwt.decode(token, options={"verify_signature": False})


def who(sandbox, token):
    return identity.identify(token, issuer=sandbox.issuer, client_id=sandbox.client_id)


class TestAGenuineToken:
    def test_says_whose_account_it_is_and_what_was_allowed(self, sandbox, claims):
        owner = who(sandbox, sandbox.pool.sign({**claims, "scope": "lunar/device.read  lunar/plan.read"}))

        assert (owner.sub, owner.username) == (claims["sub"], "ada")
        assert (owner.issuer, owner.scopes) == (sandbox.issuer, "lunar/device.read lunar/plan.read")

    def test_costs_one_look_at_the_keys(self, sandbox, claims):
        identity._keys_of.cache_clear()
        for _ in range(5):
            who(sandbox, sandbox.pool.sign(claims))

        assert sandbox.calls("jwks") == 1


class TestAForgedToken:
    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://evil.example/pool"},
            {"client_id": "another"},
            {"token_use": "id"},
            {"exp": 1_700_000_000},
            {"sub": ""},
            {"sub": "x" * 500},
            {"sub": 7},
            {"sub": None},
        ],
        ids=str,
    )
    def test_is_refused(self, sandbox, claims, change):
        with pytest.raises(identity.NotGenuine):
            who(sandbox, sandbox.pool.sign({**claims, **change}))

    @pytest.mark.parametrize("missing", ["sub", "exp", "iss", "client_id", "token_use"])
    def test_is_refused_when_a_claim_is_missing(self, sandbox, claims, missing):
        claims.pop(missing)

        with pytest.raises(identity.NotGenuine):
            who(sandbox, sandbox.pool.sign(claims))

    def test_is_refused_when_somebody_else_signed_it(self, sandbox, claims):
        kid = jwt.get_unverified_header(sandbox.pool.sign(claims))["kid"]
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

        with pytest.raises(identity.NotGenuine):
            who(sandbox, jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid}))

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    def test_is_refused_when_it_was_not_signed_at_all(self, sandbox, claims, algorithm):
        kid = jwt.get_unverified_header(sandbox.pool.sign(claims))["kid"]
        key = "" if algorithm == "none" else "k" * 40
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})

        with pytest.raises(identity.NotGenuine):
            who(sandbox, token)

    @pytest.mark.parametrize("token", ["", "abc", "a.b.c", "..", "\x00"])
    def test_is_refused_when_it_is_no_token(self, sandbox, token):
        with pytest.raises(identity.NotGenuine):
            who(sandbox, token)


class TestTheKeys:
    def test_are_fetched_again_when_an_unknown_one_signs(self, sandbox, claims):
        identity._keys_of.cache_clear()
        who(sandbox, sandbox.pool.sign(claims))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with pytest.raises(identity.NotGenuine):
            who(sandbox, jwt.encode(claims, key, algorithm="RS256", headers={"kid": "new"}))

        assert sandbox.calls("jwks") == 2

    @pytest.mark.parametrize("kind", ["server_error", "html_page", "truncated", "refuse_connection"])
    def test_may_be_out_of_reach(self, sandbox, claims, kind):
        identity._keys_of.cache_clear()
        sandbox.faults.switch_on("jwks", kind)

        with pytest.raises(identity.NoKeys):
            who(sandbox, sandbox.pool.sign(claims))
