"""A certificate authority of the tests' own."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Makes certificates below `folder`: <name>.pem with its key in <name>.key, both in <name>.both.pem."""

    def __init__(self, folder: pathlib.Path, name: str):
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = self._write(name, self._signed(self._name, self._key.public_key(), ca=True), self._key)

    def issue(self, name: str) -> pathlib.Path:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._write(name, self._signed(subject, key.public_key(), ca=False), key)

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, ca: bool) -> x509.Certificate:
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - day).not_valid_after(now + day)
        made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        return made.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(self._key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> pathlib.Path:
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = certificate.public_bytes(serialization.Encoding.PEM)
        path = self._folder / f'{name}.pem'
        path.write_bytes(public)
        path.with_suffix('.key').write_bytes(secret)
        path.with_suffix('.both.pem').write_bytes(secret + public)
        return path
