"""Content credentials (C2PA): a signed note in a picture file that we made it, by a machine. Never touches a network.

Knows one certificate of its own. The note holds no person, no words, no time, and no second copy of the picture.
"""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import c2pa
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.errors import Trouble
from core.ports import Encoded, Provenance
from core.values.wishes import Pixels
from inference import pictures
from inference.intake import Intake
from inference.pictures import Format, convert, encode, format_of, size_of

if TYPE_CHECKING:
    from inference.marking import Mark

NAME = "Darkroom"
MOST_BYTES = 20 * 1024 * 1024  #: a larger file is not even opened; Telegram hands a bot no larger one

VALID_FROM, VALID_UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2125, 1, 1, tzinfo=UTC)

MIME: dict[Format, str] = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_NOTE = {
    "claim_generator_info": [{"name": NAME}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                    }
                ]
            },
        }
    ],
}


#: What a file says of itself, and what is known when our mark is in its pixels too.
_WITH_MARK = {Provenance.UNLABELLED: Provenance.MARKED, Provenance.NOT_OURS: Provenance.SIGNED_OVER}


class BadCertificates(ValueError):
    """These certificates and this key cannot sign what they can verify."""


class CannotLabel(ValueError):
    """This file cannot carry credentials."""


def make_certificates() -> str:
    """A private key with its certificate and the root that vouches for it, as one PEM file.

    The root's own key is forgotten, so there will never be another certificate under it.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = (
        _certificate(f"{NAME} root", f"{NAME} root", root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = (
        _certificate(NAME, f"{NAME} root", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return "".join((_key_pem(key), _pem(leaf), _pem(root)))


class Credentials:
    """Signs picture files as ours, and reads what a picture file says of itself. Any thread may call it."""

    def __init__(self, pem: str) -> None:
        """`pem` is what make_certificates gives: a key, its certificate, and last the root. Raises BadCertificates."""
        try:
            key = serialization.load_pem_private_key(pem.encode(), None)
            self.mark_key = _mark_key(key)
            *chain, root = x509.load_pem_x509_certificates(pem.encode())
            self._leaf = chain[0].public_bytes(serialization.Encoding.DER)
            info = c2pa.C2paSignerInfo("es256", "".join(map(_pem, chain)).encode(), _key_pem(key).encode(), None)
            self._context = c2pa.Context.from_dict(_settings(_pem(root)), signer=c2pa.Signer.from_info(info))
        except (ValueError, TypeError, IndexError, UnsupportedAlgorithm, c2pa.C2paError) as error:
            raise BadCertificates(f"not a key with its certificates ({type(error).__name__})") from None
        self._try_out()

    def label(self, data: bytes, file_format: Format) -> bytes:
        """The same file with our note in it. Raises CannotLabel."""
        labelled = io.BytesIO()
        try:
            with c2pa.Builder(_NOTE, self._context) as builder:
                builder.sign(MIME[file_format], io.BytesIO(data), labelled)
        except c2pa.C2paError as error:
            raise CannotLabel(f"no credentials could be put in ({type(error).__name__})") from None
        return labelled.getvalue()

    def read(self, data: bytes) -> Provenance:
        """What a file says of itself, whoever sent it: never raises. Takes as long as hashing the file."""
        file_format = format_of(data)
        if file_format is None or len(data) > MOST_BYTES:
            return Provenance.UNREADABLE
        said = self._said(data, file_format)
        return Provenance.TAMPERED if said is not Provenance.MADE and self._leaf in data else said

    def _said(self, data: bytes, file_format: Format) -> Provenance:
        try:
            with c2pa.Reader(MIME[file_format], io.BytesIO(data), None, self._context) as reader:
                return Provenance.MADE if reader.get_validation_state() == "Trusted" else Provenance.NOT_OURS
        except c2pa.C2paError.ManifestNotFound:
            return Provenance.UNLABELLED
        except Exception:  # noqa: BLE001 - a stranger's file: whatever reading it brings is an answer
            return Provenance.UNREADABLE

    def _try_out(self) -> None:
        try:
            labelled = self.label(encode(Pixels(1, 1, b"\0\0\0"), "png").data, "png")
        except CannotLabel as error:
            raise BadCertificates(str(error)) from None
        if self.read(labelled) is not Provenance.MADE:
            raise BadCertificates("what the key signs, the root does not verify")


class LabellingEncoder:
    """`core.ports.Encoder`: picture files with our mark in the pixels, our note, and nothing else, off the event loop."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials, self._intake = credentials, Intake()
        self._one_at_a_time = asyncio.Lock()

    async def encode(self, pixels: Pixels, file_format: str) -> Encoded:
        return await asyncio.to_thread(lambda: self._labelled(encode(self._mark.put(pixels), _known(file_format))))

    async def convert(self, data: bytes, file_format: str) -> Encoded:
        """A picture of ours, marked already, in another format and with a note of its own.

        Raises ValueError when it cannot be read.
        """
        return await asyncio.to_thread(lambda: self._labelled(convert(data, _known(file_format))))

    async def preview(self, pixels: Pixels) -> Encoded:
        return await asyncio.to_thread(lambda: self._labelled(pictures.preview(pixels)))

    async def verify(self, data: bytes) -> Provenance:
        """What the note says; the mark is looked for only where it can add to that."""
        said = await asyncio.to_thread(self._credentials.read, data)
        with_mark = _WITH_MARK.get(said)
        return with_mark if with_mark is not None and await self._bears_mark(data) else said

    async def _bears_mark(self, data: bytes) -> bool:
        """A stranger's file is opened by a child process. What it cannot open bears no mark that we could read."""
        size = await asyncio.to_thread(self._size_to_look_at, data)
        if size is None:
            return False
        try:
            pixels = await self._intake.receive(data, *size)
        except Trouble:
            return False
        async with self._one_at_a_time:  # a look takes a core for a third of a second
            return await asyncio.to_thread(self._mark.found, pixels)

    def _size_to_look_at(self, data: bytes) -> tuple[int, int] | None:
        size = size_of(data)
        return None if size is None else self._mark.size_to_look_at(*size)

    @cached_property
    def _mark(self) -> Mark:
        from inference.marking import Mark  # brings NumPy, which operators' commands do without

        return Mark(self._credentials.mark_key)

    def _labelled(self, encoded: Encoded) -> Encoded:
        return Encoded(self._credentials.label(encoded.data, _known(encoded.format)), encoded.format)


def _known(file_format: str) -> Format:
    if file_format not in MIME:
        raise ValueError("a format of pictures that is not known")
    return file_format


def _settings(root: str) -> dict[str, Any]:
    """Nobody but our root is trusted, and nothing in a file makes us ask a network or unpack more than it could need."""
    return {
        "version": 1,
        "trust": {"trust_anchors": root},
        "verify": {
            "verify_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
            "verify_after_sign": False,
        },
        "core": {
            "allowed_network_hosts": [],
            "decode_identity_assertions": False,
            "max_decompressed_manifest_size_in_mb": 1,
        },
        "builder": {"thumbnail": {"enabled": False}},
    }


def _certificate(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _mark_key(key: PrivateKeyTypes) -> bytes:
    """The secret of the invisible mark, so that there is no further one to keep."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("another kind of key than we sign with")
    number = key.private_numbers().private_value.to_bytes(66, "big")  # as many as the largest curve wants
    return HKDF(hashes.SHA256(), 32, None, b"darkroom invisible mark 1").derive(number)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: PrivateKeyTypes) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
