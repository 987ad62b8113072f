"""A store is looked at before anybody relies on it; who runs the bot reads in one sentence what to change."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bots.settings import Settings
from bots.wiring import opened_blobs
from core.errors import Unavailable
from storage.blobs import FolderBlobs
from storage.in_buckets.access import Access, Patience, UnusableStore, read_bucket
from storage.in_buckets.blobs import open_bucket
from tests.s3_server import Bucket, S3Server

KEY = Access("id", "the secret")
HURRIED = Patience(connect=0.3, answer=0.5)


async def test_without_a_url_it_is_the_folder(tmp_path: Path) -> None:
    blobs = opened_blobs(Settings(_env_file=None, data=tmp_path))  # type: ignore[call-arg]

    assert isinstance(blobs, FolderBlobs)
    await blobs.put("pictures/0f", b"sealed")
    assert (tmp_path / "blobs" / "pictures" / "0f").read_bytes() == b"sealed"


@pytest.mark.s3
@pytest.mark.parametrize("versions", [False, True])
async def test_looking_leaves_nothing_behind(bucket: Bucket, tmp_path: Path, versions: bool) -> None:
    if versions:
        bucket.keeps_versions()
    open_bucket(bucket.url, bucket.access)

    assert bucket.holds() == {}


@pytest.mark.s3
async def test_variables_meant_for_other_programs_change_nothing(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "another",
        "AWS_SESSION_TOKEN": "another",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-north-1",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    blobs = open_bucket(bucket.url, bucket.access)
    await blobs.put("pictures/0f", b"sealed")

    assert bucket.read("pictures/0f") == b"sealed"


@pytest.mark.s3
def test_there_is_no_such_bucket(s3: S3Server, tmp_path: Path) -> None:
    with pytest.raises(UnusableStore, match=r"There is no bucket nowhere at http://127.* change DARKROOM_BLOBS_URL"):
        open_bucket("s3://nowhere", s3.access)


@pytest.mark.s3
@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"key_id": "another"}])
def test_the_key_is_refused(bucket: Bucket, tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(UnusableStore, match=r"refuses the key .* check DARKROOM_BLOBS_KEY_ID") as refused:
        open_bucket(bucket.url, replace(bucket.access, **wrong))
    assert bucket.access.secret not in str(refused.value)
    assert "another" not in str(refused.value)


@pytest.mark.s3
def test_the_key_may_look_and_change_nothing(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(UnusableStore, match=r"refuses the key \(AccessDenied\)"):
        open_bucket(bucket.url, replace(bucket.access, key_id=S3Server.reader))


@pytest.mark.s3
def test_a_bucket_that_does_not_let_go_is_refused(s3: S3Server, tmp_path: Path) -> None:
    """Or a deleted picture would stay for as long as its lock does."""
    with s3.fresh(lock=True) as locked:
        with pytest.raises(UnusableStore, match="take its default retention away"):
            open_bucket(locked.url, locked.access)
        assert locked.holds() == {}


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match=r"blobs\.unavailable"):
            open_bucket("s3://bucket", replace(KEY, endpoint=endpoint), HURRIED)
        silent.listen()
        with pytest.raises(Unavailable, match=r"blobs\.unavailable"):
            open_bucket("s3://bucket", replace(KEY, endpoint=endpoint), HURRIED)


@pytest.fixture
def website() -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><p>Welcome")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_something_else_answers(website: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableStore, match="is no S3-compatible store: check DARKROOM_BLOBS_ENDPOINT"):
        open_bucket("s3://bucket", replace(KEY, endpoint=website))


def test_it_does_not_prove_who_it_is(website: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableStore, match="cannot prove who it is: check DARKROOM_BLOBS_ENDPOINT"):
        open_bucket("s3://bucket", replace(KEY, endpoint=website.replace("http:", "https:")))


@pytest.mark.parametrize(
    "url",
    [
        "bucket", "gs://bucket", "https://host/bucket", "s3://", "s3://b", "s3:///prefix", "s3://Bucket", "s3://1.2.3.4",
        "s3://key:secret@bucket", "s3://bucket:9000/x", "s3://bucket?x=1", "s3://[bucket",
    ],
)  # fmt: skip
def test_a_url_that_names_no_bucket_is_not_repeated(url: str) -> None:
    with pytest.raises(UnusableStore, match="DARKROOM_BLOBS_URL must read s3://bucket") as refused:
        read_bucket(url, KEY)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("missing", ["key_id", "secret"])
def test_a_bucket_wants_a_key(missing: str) -> None:
    with pytest.raises(UnusableStore, match="set DARKROOM_BLOBS_KEY_ID and DARKROOM_BLOBS_SECRET"):
        read_bucket("s3://bucket", replace(KEY, **{missing: ""}))


@pytest.mark.parametrize(
    "endpoint", ["host:9000", "ftp://host", "https://", "https://host/path", "https://a:b@host", "https://host:x", "https://host?x"]
)  # fmt: skip
def test_an_endpoint_is_a_host(endpoint: str) -> None:
    with pytest.raises(UnusableStore, match="DARKROOM_BLOBS_ENDPOINT must read https://host"):
        read_bucket("s3://bucket", replace(KEY, endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["http://host:9000", "http://10.0.0.1", "http://127.0.0.1.example.org"])
def test_plain_http_to_another_host_is_refused(endpoint: str) -> None:
    with pytest.raises(UnusableStore, match="plain http to another host"):
        read_bucket("s3://bucket", replace(KEY, endpoint=endpoint))


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000/", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://store:9000?allow_http=true", "http://store:9000"),
        ("https://store", "https://store"),
        ("", "https://s3.eu-north-1.amazonaws.com"),
    ],
)
def test_plain_http_is_taken_on_this_computer_and_where_its_operator_says_so(endpoint: str, taken: str) -> None:
    assert read_bucket("s3://bucket", replace(KEY, endpoint=endpoint, region="eu-north-1")).endpoint == taken


@pytest.mark.parametrize(
    ("url", "name", "prefix"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://my-bucket.of.mine/one/two/", "my-bucket.of.mine", "one/two/"),
    ],
)
def test_a_folder_in_the_bucket_may_be_named(url: str, name: str, prefix: str) -> None:
    found = read_bucket(url, KEY)

    assert (found.name, found.prefix) == (name, prefix)
    assert KEY.secret not in repr((found, KEY))
