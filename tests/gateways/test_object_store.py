"""S3 as moto speaks it: whole or not at all, in parts when long, locked when asked."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta

import boto3
import pytest

from billing_saas.gateways import object_store
from billing_saas.gateways.object_store import S3Objects
from billing_saas.kit import clock
from billing_saas.kit.protocols import ObjectMissing, ObjectStoreDown


async def _bytes(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _read(objects: S3Objects, key: str) -> bytes:
    return b"".join([chunk async for chunk in objects.get(key)])


async def test_what_is_put_is_got(s3: str) -> None:
    objects = S3Objects(s3)
    await objects.put("a/1", _bytes(b"one ", b"two"))
    assert await _read(objects, "a/1") == b"one two"


async def test_an_empty_object_is_an_object(s3: str) -> None:
    objects = S3Objects(s3)
    await objects.put("a/empty", _bytes())
    assert await _read(objects, "a/empty") == b""


async def test_a_long_one_goes_up_in_parts(s3: str) -> None:
    objects = S3Objects(s3)
    chunk = os.urandom(3 << 20)
    await objects.put("a/long", _bytes(*[chunk] * 7))
    assert await _read(objects, "a/long") == chunk * 7


async def test_a_stream_that_breaks_leaves_nothing(s3: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield os.urandom(object_store.PART_BYTES)
        raise ConnectionError("the client is gone")

    objects = S3Objects(s3)
    with pytest.raises(ConnectionError):
        await objects.put("a/broken", broken())
    with pytest.raises(ObjectMissing):
        await _read(objects, "a/broken")
    endpoint = object_store.address(s3).endpoint
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
    assert "Uploads" not in client.list_multipart_uploads(Bucket="sealed")


async def test_keys_are_listed_by_prefix_and_in_order(s3: str) -> None:
    objects = S3Objects(s3)
    for key in ("l/2", "l/1", "m/1"):
        await objects.put(key, _bytes(b"x"))
    assert [key async for key in objects.keys("l/")] == ["l/1", "l/2"]


async def test_what_is_deleted_is_missing_and_may_be_deleted_again(s3: str) -> None:
    objects = S3Objects(s3)
    await objects.put("d/1", _bytes(b"x"))
    await objects.delete("d/1")
    await objects.delete("d/1")
    with pytest.raises(ObjectMissing):
        await _read(objects, "d/1")


async def test_a_locked_object_outlives_whoever_deletes_it(s3: str) -> None:
    objects = S3Objects(s3)
    until = (clock.now() + timedelta(days=6 * 365)).replace(microsecond=0)
    await objects.put("anchor/1", _bytes(b"head"), lock_until=until)
    at = object_store.address(s3)
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=at.endpoint)
    kept = client.head_object(Bucket="sealed", Key=f"{at.prefix}anchor/1")
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert kept["ObjectLockRetainUntilDate"] == until
    version = kept["VersionId"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket="sealed", Key=f"{at.prefix}anchor/1", VersionId=version)


async def test_health_names_a_bucket_that_is_not_there(s3: str) -> None:
    await S3Objects(s3).health()
    with pytest.raises((ObjectMissing, ObjectStoreDown)):
        await S3Objects(s3.replace("sealed", "nowhere")).health()


async def test_a_store_that_does_not_answer_is_down() -> None:
    away = S3Objects("s3://sealed?region=us-east-1&endpoint=http://127.0.0.1:9")
    with pytest.raises(ObjectStoreDown, match="object store"):
        await away.put("a", _bytes(b"x"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http://bucket", "must be s3"),
        ("s3:///prefix", "must be s3"),
        ("s3://key:secret@bucket", "without a user"),
        ("s3://bucket?regio=x", "not regio"),
        ("s3://bucket?endpoint=file:///etc", "https"),
    ],
)
def test_an_address_says_what_is_wrong_with_it(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        object_store.address(text)
