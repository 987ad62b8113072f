"""A hub on the loopback, with the answers of the real one that fetching depends on. Its clients are unmodified.

What it answers follows huggingface_hub 2.4: paths and fields of `HfApi.model_info`, `hf_hub_url`, and the headers that its
`hf_raise_for_status` reads. Never the real hub.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

LARGE = (".safetensors", ".bin", ".pt", ".ckpt")  #: what is kept apart, and known by its SHA-256


@dataclass
class Repository:
    """`files` by name; `commits` by what they are asked for."""

    files: dict[str, bytes]
    commits: dict[str, str]
    gated: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    range: str
    token: str
    host: str


@dataclass
class Hub:
    """`corrupt` names files that come out wrong; `slow` is how many bytes of a large file go out before it stalls."""

    address: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    corrupt: set[str] = field(default_factory=set)
    slow: int | None = None
    token: str = "hub-secret"
    down: int = 0  #: a status that everything is answered with
    elsewhere: bool = False  #: large files are handed out by another host, to which a link leads

    def holds(self, repo: str, folder: Path, commit: str, **more: bool) -> Repository:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self.repositories[repo] = made = Repository(files, {"main": commit, commit: commit}, **more)
        return made

    def ranges(self, name: str) -> list[str]:
        """From where a file was asked for, request by request."""
        return [one.range for one in self.asked if one.method == "GET" and one.path.endswith(name)]


@contextmanager
def serving() -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(hub, self)

        do_HEAD = do_GET  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub = Hub(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hub
    finally:
        hub.slow = None
        server.shutdown()
        server.server_close()


def _answer(hub: Hub, request: BaseHTTPRequestHandler) -> None:
    path, headers = unquote(request.path.partition("?")[0]), request.headers
    token = (headers.get("Authorization") or "").removeprefix("Bearer ")
    hub.asked.append(Asked(request.command, path, headers.get("Range") or "", token, headers["Host"].partition(":")[0]))
    if hub.down:
        return _send(request, hub.down)
    if path.startswith("/elsewhere/"):
        repository, file = hub.repositories["maker/tiny"], path.removeprefix("/elsewhere/")
        return _send_file(hub, request, file, repository.files[file], "")
    _, owner, name, *rest = path.removeprefix("/api/models").split("/")
    repository = hub.repositories.get(f"{owner}/{name}")
    if repository is None:
        return _send(request, 401 if not token else 404, {"X-Error-Code": "RepoNotFound"})
    commit = repository.commits.get(rest[1])
    if commit is None:
        return _send(request, 404, {"X-Error-Code": "RevisionNotFound"})
    if rest[0] == "revision":
        return _send(
            request, 200, {"Content-Type": "application/json"}, _describe(f"{owner}/{name}", repository, commit)
        )
    if repository.gated and token != hub.token:
        return _send(request, 403 if token else 401, {"X-Error-Code": "GatedRepo"})
    file = "/".join(rest[2:])
    if file not in repository.files:
        return _send(request, 404, {"X-Error-Code": "EntryNotFound"})
    if hub.elsewhere and file.endswith(LARGE):
        other = hub.address.replace("127.0.0.1", "localhost")
        return _send(request, 302, {"Location": f"{other}/elsewhere/{file}"})
    return _send_file(hub, request, file, repository.files[file], commit)


def _describe(repo: str, repository: Repository, commit: str) -> bytes:
    siblings = []
    for name, content in repository.files.items():
        told: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": _git(content)}
        if name.endswith(LARGE):
            told["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append(told)
    gated = "manual" if repository.gated else False
    about = {
        "id": repo,
        "modelId": repo,
        "sha": commit,
        "private": False,
        "gated": gated,
        "siblings": siblings,
        "tags": [],
    }
    return json.dumps(about).encode()


def _send_file(hub: Hub, request: BaseHTTPRequestHandler, name: str, content: bytes, commit: str) -> None:
    digest = hashlib.sha256(content).hexdigest() if name.endswith(LARGE) else _git(content)
    headers = {"ETag": f'"{digest}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
    if name.endswith(LARGE):
        headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
    if name in hub.corrupt:
        content = content[:-1] + bytes([content[-1] ^ 1])
    status, start = 200, 0
    if asked := (request.headers.get("Range") or "").removeprefix("bytes="):
        status, start = 206, int(asked.rstrip("-"))
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    _send(request, status, headers, content[start:], hub if name.endswith(LARGE) else None)


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    hub: Hub | None = None,
) -> None:
    request.send_response(status)
    for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command == "HEAD":
        return
    if hub is not None and hub.slow is not None and len(body) > hub.slow:
        request.wfile.write(body[: hub.slow])
        request.wfile.flush()
        while hub.slow is not None:
            time.sleep(0.02)
        body = body[len(body) :]
        request.close_connection = True
    request.wfile.write(body)


def _git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
