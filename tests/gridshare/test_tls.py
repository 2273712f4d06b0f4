import datetime
import ipaddress
import ssl
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gridshare_portal.gridshare import client, errors
from gridshare_portal.lunar.login import calls
from gridshare_portal.outbound import sockets
from tests.gridshare import servers

SITES = b'{"entries":[{"siteId":"site-1"}]}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine that only those trust who are told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    day = datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return lambda answer: servers.serving(answer, tls=context)


@pytest.fixture
def trusting(certificate):
    session = requests.Session()
    session.verify = str(certificate)
    session.mount("https://", sockets.Adapter(connections_kept=4))
    return session


class TestOverTls:
    def test_reads_and_keeps_the_connection(self, serve, tokens, trusting):
        with serve(servers.json_answer(SITES)) as server:
            caller = client.Client(server.url, tokens, session=trusting)
            caller.list_sites(), caller.list_sites()

        assert (server.connections, len(server.requests)) == (1, 2)

    @pytest.mark.parametrize(
        "head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", servers.OK + b"Content-Length: 99\r\n\r\n["]
    )
    def test_keeps_the_deadline(self, head, serve, tokens, trusting):
        with serve(servers.drip(head, b" ")) as server:
            caller = client.Client(server.url, tokens, session=trusting, deadline_s=1.0)
            started = time.monotonic()
            with pytest.raises(errors.Timeout):
                caller.list_sites()

        assert time.monotonic() - started < 1.4

    def test_sends_nothing_to_a_host_that_cannot_prove_itself(self, serve, tokens, caplog):
        with serve(servers.json_answer(b"{}")) as server:
            caller = client.Client(server.url, tokens)
            with pytest.raises(errors.ConnectionLost) as refused:
                caller.set_device_operation_mode("d1", mode="Smart")

        assert not refused.value.may_have_happened
        assert server.requests == []
        said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        assert said and set(said) == {"no secure connection to 127.0.0.1: CERTIFICATE_VERIFY_FAILED"}

    def test_sends_no_secret_to_a_login_that_cannot_prove_itself(self, serve):
        with serve(servers.json_answer(b"{}")) as server, pytest.raises(calls.Unreachable):
            calls.post(server.url, fields={"refresh_token": "secret"}, basic="secret")

        assert server.requests == []

    def test_gives_up_on_a_handshake_that_never_comes(self, tokens):
        with servers.serving(servers.hang) as silent:
            caller = client.Client(silent.url.replace("http:", "https:"), tokens, deadline_s=1.0)
            started = time.monotonic()
            with pytest.raises(errors.Timeout):
                caller.list_sites()

        assert time.monotonic() - started < 1.4
