"""TLS out of the box: a local certificate authority and a server certificate, because the official clients refuse plain http.

The authority's key never leaves the data directory and can sign nothing but the names of this host (RFC 5280 name constraints).
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_YEARS = 10
_SERVER_DAYS = 397
_RENEW_DAYS = 30
_CLOCK_SKEW = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files of the listener; `ca` is what clients must trust, None when the certificate is the operator's own."""

    certificate: Path
    key: Path
    ca: Path | None


def local_tls(directory: Path) -> ServerTls:
    """Create what is missing in `directory` and renew a server certificate that ends soon or lacks a name of this host."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key_file, ca_file = directory / "ca.key", directory / "ca.pem"
    key_file, certificate_file = directory / "server.key", directory / "server.pem"
    if not (ca_key_file.exists() and ca_file.exists()):
        ca_key = ec.generate_private_key(ec.SECP256R1())
        _write(ca_key_file, _pem(ca_key), 0o600)
        _write(ca_file, _authority(ca_key).public_bytes(serialization.Encoding.PEM), 0o644)
        certificate_file.unlink(missing_ok=True)
    names = _host_names()
    if not (key_file.exists() and certificate_file.exists() and _still_good(certificate_file, names)):
        ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), None)  # type: ignore[assignment]
        ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _server(key, names, ca, ca_key)
        _write(key_file, _pem(key), 0o600)
        chain = certificate.public_bytes(serialization.Encoding.PEM) + ca.public_bytes(serialization.Encoding.PEM)
        _write(certificate_file, chain, 0o644)
    return ServerTls(certificate_file, key_file, ca_file)


def _host_names() -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    host = socket.gethostname()
    if host and host != "localhost" and host.isascii():
        names.append(x509.DNSName(host))
    return [*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.IPAddress(ipaddress.ip_address("::1"))]


def _still_good(file: Path, names: list[x509.GeneralName]) -> bool:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    present = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=_RENEW_DAYS)
    return certificate.not_valid_after_utc > soon and all(name in list(present) for name in names)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(public_key: ec.EllipticCurvePublicKey, lifetime: datetime.timedelta) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(f"Scangate local CA ({socket.gethostname()})"[:64])
    permitted: list[x509.GeneralName] = []
    for general in _host_names():
        if isinstance(general, x509.IPAddress):
            permitted.append(x509.IPAddress(ipaddress.ip_network(str(general.value))))
        else:
            permitted.append(general)
    return (
        _builder(key.public_key(), datetime.timedelta(days=365 * _CA_YEARS))
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName], ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    return (
        _builder(key.public_key(), datetime.timedelta(days=_SERVER_DAYS))
        .subject_name(_name("scangate"))
        .issuer_name(ca.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Atomically, and never readable by others even for a moment."""
    temporary = file.with_suffix(file.suffix + ".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(file)
