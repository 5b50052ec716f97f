"""Certificates, in a real TLS handshake."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from warmbook_rehearsal.google.certificates import Authority, ServerCertificate, server_context


def shake_hands(trusted: Authority, server: ServerCertificate, name: str) -> str:
    """Connect a strict client to a server, and return the TLS version they agree on."""
    client = ssl.create_default_context(cadata=trusted.ca_pem.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server_context(server).wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            return str(connection.version())
    finally:
        ours.close()
        thread.join(5)


def test_a_strict_client_trusts_the_server_at_its_address_and_name() -> None:
    authority = Authority("rehearsal")
    server = authority.issue("127.0.0.1", names=["localhost"])

    assert shake_hands(authority, server, "127.0.0.1") == "TLSv1.3"
    assert shake_hands(authority, server, "localhost") == "TLSv1.3"


@pytest.mark.parametrize("name", ["127.0.0.2", "example.com"])
def test_the_certificate_is_good_for_no_other_name(name: str) -> None:
    authority = Authority("rehearsal")

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(authority, authority.issue(), name)


def test_another_authority_is_not_trusted() -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"signature|issuer|self"):
        shake_hands(Authority("rehearsal"), Authority("other").issue(), "127.0.0.1")


def test_the_keys_are_p256_and_the_authority_is_one() -> None:
    certificate = x509.load_pem_x509_certificate(Authority("rehearsal").ca_pem)
    key = certificate.public_key()

    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
