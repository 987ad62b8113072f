"""What a bucket keeps beside the objects it shows: old versions, marks of deletion, uploads that nobody finished.

obstore sees none of these, so here speaks another client. It blocks: call it from a thread.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.datatypes import Object, Upload
from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, SSLError

from core.errors import Unavailable
from core.values import Moment
from storage.blobs import PREFIXES, REMNANT, as_time
from storage.in_buckets.access import Bucket, Patience, UnusableStore

_VERSION, _UPLOAD = "version=", "upload="  #: what stands behind NAME# before the id that the store gave
_NO_SUCH_THING: Final = {"NotImplemented", "MethodNotAllowed"}  #: how a store says that it knows nothing of that
_NO_LOCK: Final = {*_NO_SUCH_THING, "ObjectLockConfigurationNotFoundError"}
_GONE: Final = {"NoSuchKey", "NoSuchUpload", "NoSuchVersion"}
_REFUSED: Final = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class Remnants:
    """Spells what it finds as NAME#version=ID or NAME#upload=ID. Raises Unavailable when the store fails."""

    def __init__(self, bucket: Bucket, patience: Patience) -> None:
        """Raises UnusableStore for a host that cannot be one."""
        self._bucket = bucket
        try:
            self._client = Minio(
                bucket.host,
                bucket.key_id,
                bucket.secret,
                secure=bucket.secure,
                region=bucket.region,
                http_client=PoolManager(
                    timeout=Timeout(connect=patience.connect, read=patience.answer),
                    retries=Retry(
                        connect=1, read=0, other=0, status=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)
                    ),
                ),
            )
        except ValueError as error:
            raise UnusableStore(f"DARKROOM_BLOBS_ENDPOINT cannot be used: {error}.") from None

    def prove(self, probe: str) -> bool:
        """Put an object and destroy it again; returns whether the bucket keeps versions. Raises UnusableStore, too."""
        bucket = self._bucket
        try:
            keeps_versions = self._keeps_versions()
            if self._keeps_from_deleting():
                raise UnusableStore(
                    f"The bucket {bucket.name} does not let go of what was put there lately, and people may delete: "
                    "take its default retention away, or name another bucket in DARKROOM_BLOBS_URL."
                )
            self._client.put_object(bucket.name, bucket.prefix + probe, io.BytesIO(), 0)
            self._uploads(probe)
            self._remove_all(probe, versions=keeps_versions)
        except S3Error as error:
            raise UnusableStore(_advice(error.code or "nothing", bucket)) from error
        except (InvalidResponseError, ParseError) as error:
            raise UnusableStore(
                f"What answers at {bucket.endpoint} is no S3-compatible store: check DARKROOM_BLOBS_ENDPOINT."
            ) from error
        except (MinioException, HTTPError, OSError) as error:
            if isinstance(getattr(error, "reason", None), SSLError):
                raise UnusableStore(
                    f"{bucket.endpoint} cannot prove who it is: check DARKROOM_BLOBS_ENDPOINT, "
                    "and name the certificates you trust in SSL_CERT_FILE if its own are not among the usual ones."
                ) from error
            raise Unavailable("blobs.unavailable", retry_after=5) from error
        return keeps_versions

    def keeps_versions(self) -> bool:
        """Whether it does, or did once: versions from then may still be there."""
        with _reachable():
            return self._keeps_versions()

    def remove_all(self, name: str) -> None:
        """Every version of an object, and every mark of its deletion."""
        with _reachable():
            self._remove_all(name, versions=True)

    def remove(self, remnant: str) -> None:
        """One that was found."""
        name, _, left = remnant.partition(REMNANT)
        where = self._bucket.name, self._bucket.prefix + name
        with _reachable():
            try:
                if left.startswith(_VERSION):
                    self._client.remove_object(*where, left.removeprefix(_VERSION))
                else:
                    self._client._abort_multipart_upload(*where, left.removeprefix(_UPLOAD))
            except S3Error as error:
                if error.code not in _GONE:
                    raise

    def versions_before(self, moment: Moment) -> list[str]:
        """Objects by their names, and what else there is of them."""
        before = as_time(moment)
        with _reachable():
            return [
                self._spelt(one)
                for prefix in PREFIXES
                for one in self._objects(prefix, versions=True)
                if one.last_modified is not None and one.last_modified < before
            ]

    def under(self, folder: str) -> list[str]:
        """Everything there is of the objects in a folder, and of the one of that name."""
        with _reachable():
            objects = {self._spelt(one) for one in self._objects(folder, versions=self._keeps_versions())}
            uploads = {self._upload(one) for one in self._uploads(folder)}
        return sorted(one for one in objects | uploads if _is_in(one, folder))

    def uploads_before(self, moment: Moment) -> list[str]:
        """At most a thousand of each prefix; whoever removes these finds the next.

        Ours come whole or not at all, but a bucket may have other writers. The client keeps for itself what it can do about
        uploads: nothing that it offers shows them.
        """
        before = as_time(moment)
        with _reachable():
            return [
                self._upload(one)
                for prefix in PREFIXES
                for one in self._uploads(prefix)
                if one.initiated_time is not None and one.initiated_time < before
            ]

    def _keeps_versions(self) -> bool:
        try:
            return self._client.get_bucket_versioning(self._bucket.name).status in ("Enabled", "Suspended")
        except S3Error as error:
            if error.code in _NO_SUCH_THING:
                return False
            raise

    def _keeps_from_deleting(self) -> bool:
        """Whether what is put there gets a lock of its own."""
        try:
            return self._client.get_object_lock_config(self._bucket.name).mode is not None
        except S3Error as error:
            if error.code in _NO_LOCK:
                return False
            raise

    def _remove_all(self, name: str, *, versions: bool) -> None:
        key = self._bucket.prefix + name
        found = [one for one in self._objects(name, versions=versions) if one.object_name == key]
        for one in sorted(found, key=_is_latest):  # last, or an older one would come to light until it has gone, too
            self._client.remove_object(self._bucket.name, key, one.version_id)

    def _objects(self, start: str, *, versions: bool) -> Iterator[Object]:
        yield from self._client.list_objects(
            self._bucket.name, prefix=self._bucket.prefix + start, recursive=True, include_version=versions
        )

    def _uploads(self, start: str) -> list[Upload]:
        try:
            page = self._client._list_multipart_uploads(self._bucket.name, prefix=self._bucket.prefix + start)
        except S3Error as error:
            if error.code in _NO_SUCH_THING:
                return []
            raise
        return page.uploads

    def _spelt(self, one: Object) -> str:
        name = self._short(one.object_name)
        return name if _is_latest(one) and not one.is_delete_marker else f"{name}{REMNANT}{_VERSION}{one.version_id}"

    def _upload(self, one: Upload) -> str:
        return f"{self._short(one.object_name)}{REMNANT}{_UPLOAD}{one.upload_id}"

    def _short(self, key: str | None) -> str:
        return str(key).removeprefix(self._bucket.prefix)


def _is_in(spelt: str, folder: str) -> bool:
    return spelt == folder or spelt.startswith((f"{folder}/", f"{folder}{REMNANT}"))


def _is_latest(one: Object) -> bool:
    return one.is_latest == "true"  # as the store wrote it


def _advice(code: str, bucket: Bucket) -> str:
    if code == "NoSuchBucket":
        return f"There is no bucket {bucket.name} at {bucket.endpoint}: make it, or change DARKROOM_BLOBS_URL."
    if code in _REFUSED:
        return (
            f"{bucket.endpoint} refuses the key ({code}): check DARKROOM_BLOBS_KEY_ID and DARKROOM_BLOBS_SECRET, "
            f"and that the key may list, get, put and delete objects, versions and uploads in the bucket {bucket.name}, "
            "and read how that is set up."
        )
    return (
        f"{bucket.endpoint} answers {code} for the bucket {bucket.name}: "
        "check DARKROOM_BLOBS_ENDPOINT and DARKROOM_BLOBS_REGION."
    )


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (MinioException, HTTPError, ParseError, OSError) as error:
        raise Unavailable("blobs.unavailable", retry_after=5) from error
