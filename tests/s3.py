"""A bucket that knows locks, in a server that speaks S3 (moto), for a whole run."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def bucket() -> Iterator[str]:
    """Its address, as the settings take it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint).create_bucket(
            Bucket="sealed", ObjectLockEnabledForBucket=True
        )
        yield f"s3://sealed/house?region=us-east-1&endpoint={endpoint}"
    server.stop()
