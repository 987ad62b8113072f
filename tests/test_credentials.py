"""A picture of ours says so, verifiably, and says nothing else; whatever a stranger sends gets an answer."""

from __future__ import annotations

import getpass
import io
import json
import os
import random
import socket
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image, ImageDraw

from core.ports import Provenance
from core.values.wishes import Pixels
from inference import credentials as module
from inference.credentials import (
    MIME,
    MOST_BYTES,
    BadCertificates,
    CannotLabel,
    Credentials,
    LabellingEncoder,
    make_certificates,
)
from inference.pictures import PREVIEW_SIDE, Format, convert, decode, encode, preview
from tests.markers import forms

FORMATS: list[Format] = ["png", "jpg", "webp"]


def drawn(width: int = 24, height: int = 16) -> Pixels:
    image = Image.new("RGB", (width, height), (38, 92, 222))
    ImageDraw.Draw(image).ellipse((width / 4, height / 4, width * 3 / 4, height * 3 / 4), fill=(252, 222, 48))
    return Pixels(width, height, image.tobytes())


def noise(width: int, height: int) -> Pixels:
    return Pixels(width, height, random.Random(1).randbytes(width * height * 3))


def chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """Type, start and end of the content of each chunk of a PNG."""
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], at + 8, at + 8 + length))
        at += 12 + length
    return found


def parts(data: bytes, file_format: Format) -> set[bytes]:
    """The kinds of part a file is made of."""
    if file_format == "png":
        return {kind for kind, _, _ in chunks(data)}
    found, at = set(), 12 if file_format == "webp" else 2
    if file_format == "webp":
        while at < len(data):
            found.add(data[at : at + 4])
            (length,) = struct.unpack("<I", data[at + 4 : at + 8])
            at += 8 + length + length % 2
        return found
    while data[at + 1] != 0xDA:  # the picture itself follows
        found.add(data[at : at + 2])
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return found


def opened(data: bytes) -> Pixels | None:
    try:
        return decode(data)
    except ValueError:
        return None


def with_note_of(labelled: bytes, plain: bytes) -> bytes:
    """`plain` with the note cut out of `labelled`, both PNG."""
    (start, end) = next((start, end) for kind, start, end in chunks(labelled) if kind == b"caBX")
    return plain[:33] + labelled[start - 8 : end + 4] + plain[33:]


def note(data: bytes, file_format: Format) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(c2pa.Reader(MIME[file_format], io.BytesIO(data)).json())
    return told


@pytest.fixture(scope="module")
def pem() -> str:
    return make_certificates()


@pytest.fixture(scope="module")
def ours(pem: str) -> Credentials:
    return Credentials(pem)


@pytest.fixture(scope="module")
def others() -> Credentials:
    return Credentials(make_certificates())


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_labelled_picture_is_ours(ours: Credentials, file_format: Format) -> None:
    plain = encode(drawn(), file_format).data

    labelled = ours.label(plain, file_format)

    assert ours.read(labelled) is Provenance.MADE
    assert decode(labelled) == decode(plain)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_picture_without_credentials_is_unlabelled(ours: Credentials, file_format: Format) -> None:
    assert ours.read(encode(drawn(), file_format).data) is Provenance.UNLABELLED


def test_re_encoding_loses_the_note(ours: Credentials) -> None:
    labelled = ours.label(encode(drawn(), "png").data, "png")

    assert ours.read(convert(labelled, "jpg").data) is Provenance.UNLABELLED


def test_one_changed_bit_of_the_pixels_shows(ours: Credentials) -> None:
    labelled = ours.label(encode(drawn(), "png").data, "png")
    pixels = [at for kind, start, end in chunks(labelled) if kind == b"IDAT" for at in range(start, end)]
    assert len(pixels) > 50

    for at in pixels:
        changed = bytearray(labelled)
        changed[at] ^= 1 << at % 8
        assert ours.read(bytes(changed)) is Provenance.TAMPERED


@pytest.mark.parametrize("file_format", FORMATS)
def test_whatever_is_changed_no_other_picture_passes_for_ours(ours: Credentials, file_format: Format) -> None:
    """The note has room for padding that nothing vouches for; pixels have not."""
    labelled = ours.label(encode(drawn(), file_format).data, file_format)
    pixels = decode(labelled)

    for at in range(0, len(labelled), 5):
        changed = bytearray(labelled)
        changed[at] ^= 1 << at % 8
        if ours.read(bytes(changed)) is Provenance.MADE:
            assert opened(bytes(changed)) in (pixels, None)


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_addition_shows(ours: Credentials, file_format: Format) -> None:
    labelled = ours.label(encode(drawn(), file_format).data, file_format)

    assert ours.read(labelled + b"more") is Provenance.TAMPERED


def test_our_note_in_another_picture_shows(ours: Credentials) -> None:
    labelled = ours.label(encode(drawn(), "png").data, "png")

    moved = with_note_of(labelled, encode(noise(24, 16), "png").data)

    assert decode(moved) == noise(24, 16)
    assert ours.read(moved) is Provenance.TAMPERED


@pytest.mark.parametrize("file_format", FORMATS)
def test_another_deployments_picture_is_not_ours(ours: Credentials, others: Credentials, file_format: Format) -> None:
    """Both certificates bear the same name; only the key tells them apart."""
    labelled = others.label(encode(drawn(), file_format).data, file_format)

    assert others.read(labelled) is Provenance.MADE
    assert ours.read(labelled) is Provenance.NOT_OURS


@pytest.mark.parametrize(
    ("file_format", "picture", "of_the_note"),
    [
        ("png", {b"IHDR", b"IDAT", b"IEND"}, {b"caBX"}),
        ("jpg", {b"\xff\xe0", b"\xff\xdb", b"\xff\xc0", b"\xff\xc4"}, {b"\xff\xeb"}),
        ("webp", {b"VP8 "}, {b"C2PA", b"VP8X"}),
    ],
)
def test_a_file_holds_the_picture_and_the_note(
    ours: Credentials, file_format: Format, picture: set[bytes], of_the_note: set[bytes]
) -> None:
    plain = encode(drawn(), file_format).data

    assert parts(plain, file_format) == picture
    assert parts(ours.label(plain, file_format), file_format) - picture <= of_the_note


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_note_says_a_machine_made_it_and_no_more(ours: Credentials, file_format: Format) -> None:
    told = note(ours.label(encode(drawn(), file_format).data, file_format), file_format)

    (manifest,) = told["manifests"].values()
    assert manifest["assertions"] == [
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
    ]
    assert set(manifest) == {
        "claim_generator_info", "instance_id", "assertions", "signature_info", "label", "claim_version",
    }  # fmt: skip
    (generator,) = manifest["claim_generator_info"]
    assert generator.pop("org.contentauth.c2pa_rs")
    assert generator == {"name": "Darkroom"}
    assert set(manifest["signature_info"]) == {"alg", "issuer", "common_name", "cert_serial_number"}  # no time
    assert manifest["signature_info"]["issuer"] == manifest["signature_info"]["common_name"] == "Darkroom"


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_note_holds_no_second_copy_of_the_picture(ours: Credentials, file_format: Format) -> None:
    plain = encode(noise(256, 256), file_format).data

    labelled = ours.label(plain, file_format)

    assert len(labelled) - len(plain) < 8 * 1024
    assert b"thumbnail" not in labelled


def test_the_note_knows_nothing_of_where_it_was_made(
    ours: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "quill-canary-5151"
    (tmp_path / canary).mkdir()
    monkeypatch.chdir(tmp_path / canary)
    for name in ("USER", "LOGNAME", "HOSTNAME", "HOME"):
        monkeypatch.setenv(name, canary)
    labelled = Credentials(make_certificates()).label(encode(drawn(), "png").data, "png")

    assert getpass.getuser() == canary
    assert canary in str(Path.cwd())
    assert not any(form in labelled for form in forms(canary))


def test_hostile_files_get_an_answer(ours: Credentials, others: Credentials) -> None:
    rng = random.Random(3)
    heads = [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"RIFF\x10\0\0\0WEBP",
        b"GIF89a",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypmp42",
    ]
    files = [head + rng.randbytes(length) for head in heads for length in (0, 1, 30, 5_000)]

    assert {ours.read(file) for file in files} <= {Provenance.UNREADABLE, Provenance.UNLABELLED}

    labelled = others.label(encode(drawn(), "png").data, "png")
    answers = {ours.read(labelled[:length]) for length in range(0, len(labelled), 37)}
    assert answers <= {Provenance.UNREADABLE, Provenance.UNLABELLED, Provenance.NOT_OURS}


def test_broken_credentials_of_ours_are_tampered_with(ours: Credentials) -> None:
    """Cut off in the middle of the pixels, after the note."""
    labelled = ours.label(encode(noise(64, 64), "png").data, "png")

    assert ours.read(labelled[:-6_000]) is Provenance.TAMPERED


def test_boxes_within_boxes_end(ours: Credentials) -> None:
    description = b"c2pa" + bytes.fromhex("00110010800000AA00389B71") + b"\x03c2pa\0"
    description = struct.pack(">I", 8 + len(description)) + b"jumd" + description
    depth, size = 50_000, 8 + len(description)
    boxes = b"".join(struct.pack(">I", (depth - level) * size) + b"jumb" + description for level in range(depth))
    chunk = b"caBX" + boxes
    chunk = struct.pack(">I", len(boxes)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    plain = encode(drawn(), "png").data

    assert ours.read(plain[:33] + chunk + plain[33:]) is Provenance.UNREADABLE


def test_a_file_that_is_too_large_is_not_opened(ours: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = ours.label(encode(drawn(), "png").data, "png")

    class Opened(AssertionError): ...

    def says(*_: object) -> None:
        raise Opened

    monkeypatch.setattr(ours, "_said", says)

    with pytest.raises(Opened):
        ours.read(labelled + bytes(MOST_BYTES - len(labelled)))
    assert ours.read(labelled + bytes(MOST_BYTES + 1 - len(labelled))) is Provenance.UNREADABLE
    assert ours.read(labelled + bytes(50 * 1024 * 1024)) is Provenance.UNREADABLE


def test_a_file_cannot_make_us_ask_the_network(ours: Credentials, pem: str) -> None:
    """Its credentials are said to lie on a server, at an address that listens here."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        cut = pem.index("-----BEGIN CERTIFICATE")
        info = c2pa.C2paSignerInfo("es256", pem[cut:].encode(), pem[:cut].encode(), None)
        remote = io.BytesIO()
        with c2pa.Builder(module._NOTE, c2pa.Context(signer=c2pa.Signer.from_info(info))) as builder:
            builder.set_no_embed()
            builder.set_remote_url(f"http://127.0.0.1:{server.getsockname()[1]}/note.c2pa")
            builder.sign("image/jpeg", io.BytesIO(encode(drawn(), "jpg").data), remote)
        assert b"note.c2pa" in remote.getvalue()

        assert ours.read(remote.getvalue()) is not Provenance.MADE
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_is_no_picture_cannot_be_labelled(ours: Credentials) -> None:
    with pytest.raises(CannotLabel):
        ours.label(b"not a picture", "png")


def test_any_thread_may_label_and_read(ours: Credentials) -> None:
    plain = encode(drawn(), "jpg").data

    with ThreadPoolExecutor(8) as threads:
        labelled = list(threads.map(lambda _: ours.label(plain, "jpg"), range(64)))
        assert set(threads.map(ours.read, labelled)) == {Provenance.MADE}


def test_the_certificates_name_nobody_and_are_for_signing_only(pem: str) -> None:
    leaf, root = x509.load_pem_x509_certificates(pem.encode())

    assert leaf.subject.rfc4514_string() == "CN=Darkroom,O=Darkroom"
    assert leaf.issuer.rfc4514_string() == root.subject.rfc4514_string() == "CN=Darkroom root,O=Darkroom"
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.EMAIL_PROTECTION
    ]
    above = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert above == root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    leaf.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc.year == root.not_valid_after_utc.year == 2125


def test_two_deployments_share_no_key() -> None:
    assert make_certificates() != make_certificates()


def test_the_roots_key_is_kept_nowhere(pem: str) -> None:
    assert pem.count("PRIVATE KEY") == 2  # one begins, one ends
    key = serialization.load_pem_private_key(pem.encode(), None)
    leaf, _ = x509.load_pem_x509_certificates(pem.encode())

    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == leaf.public_key()


def test_certificates_that_do_not_belong_together_are_refused_at_once(pem: str) -> None:
    cut = pem.index("-----BEGIN CERTIFICATE")
    key, certificates = pem[:cut], pem[cut:]
    another = make_certificates()[cut:]

    for bad in ("", "x", key, certificates, key + another, pem.replace("A", "B"), pem[: len(pem) // 2]):
        with pytest.raises(BadCertificates) as caught:
            Credentials(bad)
        assert key[60:120] not in str(caught.value)


async def test_the_encoder_labels_what_it_encodes(ours: Credentials) -> None:
    encoder = LabellingEncoder(ours)

    made = await encoder.encode(drawn(), "png")

    assert made.format == "png"
    assert decode(made.data) == drawn()
    assert ours.read(made.data) is Provenance.MADE
    for file_format in FORMATS:
        converted = await encoder.convert(made.data, file_format)
        assert converted.format == file_format
        assert ours.read(converted.data) is Provenance.MADE


async def test_the_encoder_refuses_what_is_no_picture(ours: Credentials) -> None:
    encoder = LabellingEncoder(ours)

    with pytest.raises(ValueError, match="as many"):
        await encoder.encode(Pixels(2, 2, b"\0" * 11), "png")
    with pytest.raises(ValueError, match="not a picture"):
        await encoder.convert(b"\x89PNG\r\n\x1a\n" + os.urandom(100), "jpg")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_picture_is_itself_in_every_format(file_format: Format) -> None:
    """PNG to the bit; the others to the eye."""
    pixels = drawn(128, 96)

    back = decode(encode(pixels, file_format).data)

    assert (back.width, back.height) == (128, 96)
    difference = sum(abs(a - b) for a, b in zip(pixels.data, back.data, strict=True)) / len(pixels.data)
    assert difference == 0 if file_format == "png" else difference < 3


def test_converting_leaves_all_metadata_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a heron canary"
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif, comment=b"canary", icc_profile=b"canary" * 30)
    assert b"canary" in file.getvalue()

    for file_format in FORMATS:
        converted = convert(file.getvalue(), file_format).data
        assert b"canary" not in converted
        with Image.open(io.BytesIO(converted)) as opened:
            assert not opened.getexif()
            assert not {"exif", "icc_profile", "comment", "xmp"} & set(opened.info)


@pytest.mark.parametrize(("size", "small"), [((128, 96), (128, 96)), ((1024, 512), (128, 64)), ((30, 600), (6, 128))])
def test_a_preview_is_small(size: tuple[int, int], small: tuple[int, int]) -> None:
    shown = preview(drawn(*size))

    assert shown.format == "jpg"
    assert len(shown.data) < 8_000
    with Image.open(io.BytesIO(shown.data)) as opened:
        assert (opened.format, opened.size) == ("JPEG", small)
    assert max(small) <= PREVIEW_SIDE


def test_what_cannot_be_read_is_a_value_error() -> None:
    broken = [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(50), encode(drawn(), "png").data[:60], os.urandom(3_000)]

    for data in broken:
        with pytest.raises(ValueError, match="not a picture"):
            decode(data)


def test_a_picture_of_an_impossible_size_is_not_unpacked() -> None:
    """Both are a few bytes of file: one just over our limit, one that would fill the memory."""
    for side in (4097, 60_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        chunk = b"IHDR" + head
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        body = zlib.compress(bytes(1000))
        bomb += struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
        with pytest.raises(ValueError, match="not a picture"):
            decode(bomb)
