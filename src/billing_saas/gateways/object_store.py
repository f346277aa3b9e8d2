"""Objects in S3, or in a store that speaks its protocol (MinIO, Ceph, R2).

The address is `s3://bucket/prefix?region=…&endpoint=https://…`; credentials come from the place
boto3 finds them in (a role of the pod or machine, by preference), never from our settings. Whatever
arrives here was sealed before: the bucket's own encryption is a second lid.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing_saas.kit.protocols import ObjectMissing, ObjectStoreDown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 takes parts of 5 MiB and more, but for the last.
PART_BYTES = 8 << 20
READ_BYTES = 1 << 20

_MISSING = {"NoSuchKey", "NoSuchUpload", "404"}


@dataclass(frozen=True, slots=True)
class Address:
    bucket: str
    prefix: str
    region: str | None
    endpoint: str | None


def address(text: str) -> Address:
    """Read `s3://bucket/prefix?region=…&endpoint=…`; `ValueError` says what is wrong with it."""
    parts = urlsplit(text)
    asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    unknown = sorted(set(asked) - {"region", "endpoint"})
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc:
        raise ValueError("must be s3://bucket/prefix, without a user or password")
    if unknown:
        raise ValueError(f"knows region and endpoint, not {', '.join(unknown)}")
    endpoint = asked.get("endpoint", [None])[0]
    if endpoint is not None and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise ValueError("endpoint must begin with https:// (or http:// on this machine)")
    prefix = parts.path.strip("/")
    return Address(
        parts.netloc, f"{prefix}/" if prefix else "", asked.get("region", [None])[0], endpoint
    )


class S3Objects:
    """An `ObjectStore` in one bucket. Calls run in threads: boto3 knows no event loop."""

    def __init__(self, text: str) -> None:
        self._at = address(text)
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=16,
            # Buckets as host names need DNS of their own, which a store inside a network lacks.
            s3={"addressing_style": "path" if self._at.endpoint else "auto"},
        )
        self._client: S3Client = boto3.client(
            "s3", region_name=self._at.region, endpoint_url=self._at.endpoint, config=config
        )

    def __repr__(self) -> str:
        return f"S3Objects(bucket={self._at.bucket!r})"

    async def put(
        self, key: str, chunks: AsyncIterable[bytes], *, lock_until: datetime | None = None
    ) -> None:
        parts = _parts(chunks)
        first = await anext(parts, b"")
        second = await anext(parts, None)
        if second is None:
            await asyncio.to_thread(self._put, key, first, lock_until)
            return
        await self._put_in_parts(key, [first, second], parts, lock_until)

    async def get(self, key: str) -> AsyncIterator[bytes]:
        body = await asyncio.to_thread(self._open, key)
        try:
            while chunk := await asyncio.to_thread(_read, body):
                yield chunk
        finally:
            body.close()

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        token: str | None = None
        while True:
            keys, token = await asyncio.to_thread(self._page, prefix, token)
            for key in keys:
                yield key
            if token is None:
                return

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)

    async def health(self) -> None:
        await asyncio.to_thread(self._health)

    async def _put_in_parts(
        self,
        key: str,
        held: list[bytes],
        rest: AsyncIterator[bytes],
        lock_until: datetime | None,
    ) -> None:
        """An object of parts appears when the upload is completed, and not before."""
        upload = await asyncio.to_thread(self._begin, key, lock_until)
        tags: list[str] = []
        try:
            for part in held:
                tags.append(await asyncio.to_thread(self._part, key, upload, len(tags) + 1, part))
            async for part in rest:
                tags.append(await asyncio.to_thread(self._part, key, upload, len(tags) + 1, part))
            await asyncio.to_thread(self._complete, key, upload, tags)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(self._abort, key, upload))
            raise

    def _put(self, key: str, body: bytes, lock_until: datetime | None) -> None:
        with _answers():
            self._client.put_object(
                Bucket=self._at.bucket, Key=self._at.prefix + key, Body=body, **_locked(lock_until)
            )

    def _begin(self, key: str, lock_until: datetime | None) -> str:
        with _answers():
            return self._client.create_multipart_upload(
                Bucket=self._at.bucket, Key=self._at.prefix + key, **_locked(lock_until)
            )["UploadId"]

    def _part(self, key: str, upload: str, number: int, body: bytes) -> str:
        with _answers():
            return self._client.upload_part(
                Bucket=self._at.bucket,
                Key=self._at.prefix + key,
                UploadId=upload,
                PartNumber=number,
                Body=body,
            )["ETag"]

    def _complete(self, key: str, upload: str, tags: list[str]) -> None:
        with _answers():
            self._client.complete_multipart_upload(
                Bucket=self._at.bucket,
                Key=self._at.prefix + key,
                UploadId=upload,
                MultipartUpload={
                    "Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
                },
            )

    def _abort(self, key: str, upload: str) -> None:
        # What failed is already on its way up; parts that stay are the bucket's lifecycle rule's.
        with contextlib.suppress(BotoCoreError, ClientError):
            self._client.abort_multipart_upload(
                Bucket=self._at.bucket, Key=self._at.prefix + key, UploadId=upload
            )

    def _open(self, key: str) -> Any:
        with _answers():
            return self._client.get_object(Bucket=self._at.bucket, Key=self._at.prefix + key)[
                "Body"
            ]

    def _page(self, prefix: str, token: str | None) -> tuple[list[str], str | None]:
        more: dict[str, Any] = {"ContinuationToken": token} if token else {}
        with _answers():
            page = self._client.list_objects_v2(
                Bucket=self._at.bucket, Prefix=self._at.prefix + prefix, **more
            )
        keys = [found["Key"].removeprefix(self._at.prefix) for found in page.get("Contents", [])]
        return keys, page.get("NextContinuationToken")

    def _delete(self, key: str) -> None:
        with _answers():
            self._client.delete_object(Bucket=self._at.bucket, Key=self._at.prefix + key)

    def _health(self) -> None:
        with _answers():
            self._client.head_bucket(Bucket=self._at.bucket)


def _locked(until: datetime | None) -> dict[str, Any]:
    # Compliance mode: nobody shortens it, the account's owner included.
    return (
        {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        if until is not None
        else {}
    )


async def _parts(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    pending = bytearray()
    async for chunk in chunks:
        pending += chunk
        while len(pending) >= PART_BYTES:
            yield bytes(pending[:PART_BYTES])
            del pending[:PART_BYTES]
    if pending:
        yield bytes(pending)


def _read(body: Any) -> bytes:
    with _answers():
        chunk: bytes = body.read(READ_BYTES)
        return chunk


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    """The store's errors as ours. Theirs can name keys and addresses, so their texts stop here."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise ObjectMissing("there is no object of this key") from None
        raise ObjectStoreDown(f"the object store refused: {code}") from None
    except (BotoCoreError, OSError) as error:
        raise ObjectStoreDown(f"the object store: {type(error).__name__}") from None
