"""nginx with the very file of deploy/, on free ports and with a certificate of an authority of our own."""

import contextlib
import datetime
import shutil
import subprocess
import sys
import time
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gridshare_portal.demo import supervisor
from tests import nginx
from tests.deploy import files

NAME = "localhost"
USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
USES += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
SIGNS_CERTIFICATES = x509.KeyUsage(**{use: use in ("key_cert_sign", "crl_sign") for use in USES})
AROUND = """daemon off; master_process off; worker_rlimit_nofile 4096;
error_log {folder}/nginx.log; pid {folder}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; access_log off;
  include {folder}/portal.conf;
}}"""


class Proxy:
    """The running nginx, and how it is reached."""

    def __init__(self, folder: Path, upstream: int, *, port: int, plain_port: int, silent_s=10):
        self.silent_s = silent_s
        self.folder, self.port, self.plain_port = folder, port, plain_port
        self.url, self.plain_url = f"https://{NAME}:{port}", f"http://{NAME}:{plain_port}"
        self.authority = make_certificate(folder)
        for name, text in {"portal.conf": self._site(upstream), "nginx.conf": AROUND}.items():
            (folder / name).write_text(text.format(folder=folder) if name == "nginx.conf" else text)

    def _site(self, upstream):
        text = (files.DEPLOY / "nginx.conf").read_text()
        kept = [line for line in text.splitlines() if "[::]" not in line]
        places = {
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            "_timeout 10s": f"_timeout {self.silent_s}s",
            "$host": f"$host:{self.port}",  # a browser leaves out the usual port, and only that
            "/etc/letsencrypt/live/portal.example": str(self.folder),
            "/opt/portal/deploy": str(files.DEPLOY),
            "/var/log/nginx": str(self.folder),
            "portal.example": NAME,
        }
        text = "\n".join(kept)
        for place, ours in places.items():
            assert place in text, place
            text = text.replace(place, ours)
        return text

    def start(self):
        command = [nginx.find(), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.process = subprocess.Popen(
            [*command, "-e", str(self.folder / "nginx.log")],
            stderr=subprocess.PIPE,
            preexec_fn=supervisor.end_with_parent if sys.platform == "linux" else None,
        )
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(self.plain_url, timeout=5, allow_redirects=False)
            ended = self.process.poll() is not None
            assert not ended and time.monotonic() < until, ended and self.process.stderr.read().decode()
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def line_with(self, what):
        """Return the logged line that holds this; nginx writes it once the answer is sent."""
        until = time.monotonic() + 20
        while True:
            found = [line for line in self.lines().splitlines() if what in line]
            if found or time.monotonic() > until:
                return found[-1]
            time.sleep(0.01)

    def lines(self):
        return (self.folder / "portal.log").read_text()


def make_certificate(folder):
    """Write an authority and what it signed for this machine; return the file that a client trusts."""
    now = datetime.datetime.now(datetime.UTC)

    def signed(name, key, issuer, signer, extension):
        made = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - datetime.timedelta(hours=1))
        made = made.not_valid_after(now + datetime.timedelta(days=1))
        made = made.add_extension(extension, critical=True)
        # Python asks for these since 3.13.
        of_key, of_signer = x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier
        made = made.add_extension(of_key.from_public_key(key.public_key()), critical=False)
        made = made.add_extension(of_signer.from_issuer_public_key(signer.public_key()), critical=False)
        if name is issuer:
            made = made.add_extension(SIGNS_CERTIFICATES, critical=True)
        return made.sign(signer, hashes.SHA256())

    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    ours, its = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    us, it = named("Tests only"), named(NAME)
    authority = signed(us, ours, us, ours, x509.BasicConstraints(ca=True, path_length=0))
    leaf = signed(it, its, us, ours, x509.SubjectAlternativeName([x509.DNSName(NAME)]))
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "fullchain.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        its.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "authority.pem")
