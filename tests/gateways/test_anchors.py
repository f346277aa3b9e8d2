"""Where heads are put: each stands when the call returns, and a store refuses to take one back."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from billing_saas.gateways.anchors import FileAnchor, StoreAnchor, anchor_at

BUCKET = "heads"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 with Object Lock; its endpoint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=BUCKET, ObjectLockEnabledForBucket=True
    )
    yield endpoint
    server.stop()


async def test_a_file_keeps_each_line_even_after_one_cut_short(tmp_path: Path) -> None:
    anchor = anchor_at(f"file://{tmp_path}/heads%20here")
    assert isinstance(anchor, FileAnchor)
    assert [line async for line in anchor.lines()] == []
    await anchor.append("1", b"one")
    with (tmp_path / "heads here").open("ab") as crashed:
        crashed.write(b"tw")
    await anchor.append("3", b"three")
    assert [line async for line in anchor.lines()] == [b"one", b"tw", b"three"]
    assert (tmp_path / "heads here").stat().st_mode & 0o777 == 0o600


async def test_a_store_keeps_heads_locked_for_six_years(store: str) -> None:
    anchor = anchor_at(f"s3://{BUCKET}/audit?region=us-east-1&endpoint={store}")
    assert isinstance(anchor, StoreAnchor)
    await anchor.append("000001-000000000002.json", b"two")
    await anchor.append("000001-000000000010.json", b"ten")
    assert [line async for line in anchor.lines()] == [b"two", b"ten"]
    client = boto3.client("s3", endpoint_url=store)
    (first, _) = client.list_object_versions(Bucket=BUCKET)["Versions"]
    kept = client.head_object(Bucket=BUCKET, Key=first["Key"])
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert (kept["ObjectLockRetainUntilDate"] - kept["LastModified"]).days > 6 * 365
    with pytest.raises(ClientError):
        client.delete_object(Bucket=BUCKET, Key=first["Key"], VersionId=first["VersionId"])
