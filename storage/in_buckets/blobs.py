"""Sealed pictures in a bucket of an S3-compatible store, where deleted means gone; and which store a process opens."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from obstore.store import S3Store

from core.values import Moment
from storage.blobs import REFERENCES, REMNANT, ObjectBlobs
from storage.in_buckets.access import Access, Bucket, Patience, read_bucket
from storage.in_buckets.remnants import Remnants

if TYPE_CHECKING:
    from obstore.store import S3Credential

USUAL: Final = Patience()


def open_bucket(url: str, access: Access, patience: Patience = USUAL) -> BucketBlobs:
    """The bucket of `s3://bucket/prefix`, after an object was put there and destroyed again.

    Raises UnusableStore with a sentence for who runs this, and Unavailable when nothing answers.
    """
    bucket = read_bucket(url, access)
    remnants = Remnants(bucket, patience)
    keeps_versions = remnants.prove(f"{REFERENCES}probe-{secrets.token_hex(16)}")
    return BucketBlobs(open_store(bucket, patience), remnants, keeps_versions=keeps_versions)


class BucketBlobs(ObjectBlobs):
    """Objects in a bucket. Where it keeps versions, deleting an object destroys each of them, and every mark of it."""

    def __init__(self, store: S3Store, remnants: Remnants, *, keeps_versions: bool) -> None:
        super().__init__(store)
        self._remnants, self._keeps_versions = remnants, keeps_versions

    async def delete(self, name: str) -> None:
        if REMNANT in name:
            await asyncio.to_thread(self._remnants.remove, name)
        elif self._keeps_versions:
            await asyncio.to_thread(self._remnants.remove_all, name)
        else:
            await super().delete(name)

    async def older_than(self, moment: Moment) -> list[str]:
        """Objects, and what is left of some. Whoever runs the bucket may have changed whether it keeps versions."""
        self._keeps_versions = await asyncio.to_thread(self._remnants.keeps_versions)
        if self._keeps_versions:
            objects = await asyncio.to_thread(self._remnants.versions_before, moment)
        else:
            objects = await super().older_than(moment)
        return [*objects, *await asyncio.to_thread(self._remnants.uploads_before, moment)]

    async def under(self, folder: str) -> list[str]:
        """Versions, marks of deletion and unfinished uploads, too, whatever the bucket was said to keep."""
        return await asyncio.to_thread(self._remnants.under, folder)

    def _is_missing(self, error: FileNotFoundError) -> bool:
        """A bucket that is gone answers almost the same; then nobody knows what there was."""
        return "<Code>NoSuchKey</Code>" in str(error)


def open_store(bucket: Bucket, patience: Patience) -> S3Store:
    """Everything is said here, because obstore takes what is left open from AWS_… variables meant for something else."""

    def credentials() -> S3Credential:
        return {"access_key_id": bucket.key_id, "secret_access_key": bucket.secret, "expires_at": None}

    return S3Store(
        bucket.name,
        prefix=bucket.prefix.rstrip("/") or None,
        endpoint=bucket.endpoint,
        region=bucket.region,
        virtual_hosted_style_request=False,
        credential_provider=credentials,
        client_options={
            "allow_http": not bucket.secure,
            "connect_timeout": timedelta(seconds=patience.connect),
            "timeout": timedelta(seconds=patience.answer),
        },
        retry_config={
            "max_retries": 4,
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=1), "base": 2},
            "retry_timeout": timedelta(seconds=patience.connect),
        },
    )
