"""Servers that real programs talk to, and the demand that they leave a sound store behind."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdall.testing.server import Running, Tls, serving

TRUST = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
"""Variables by which boto3 and the aws command, Node, and everybody else find certificates."""

_numbers = itertools.count()


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that speaks http."""
    with serving(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for 127.0.0.1 that vouches for itself."""
    return _certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory, tls: Tls) -> Iterator[Running]:
    """A server that speaks https: clients sign fewer bytes of bodies that they send to it."""
    with serving(tmp_path_factory.mktemp("secured"), tls) as running:
        yield running


@pytest.fixture
def server(plain: Running) -> Iterator[Running]:
    """The plain server. Its store is sound when the test is over."""
    yield plain
    assert plain.problems() == []


@pytest.fixture
def https(secured: Running, tls: Tls, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The server behind TLS, which clients trust. Its store is sound when the test is over."""
    for name in TRUST:
        monkeypatch.setenv(name, str(tls.certificate))
    yield secured
    assert secured.problems() == []


@pytest.fixture
def name() -> str:
    """A bucket's name that no other test uses."""
    return f"bucket-{next(_numbers)}"


def _certify(folder: Path) -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    found = Tls(folder / "certificate.pem", folder / "key.pem")
    found.certificate.write_bytes(_certificate(key).public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return found


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    today = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - day).not_valid_after(today + 2 * day)
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.sign(key, hashes.SHA256())
