"""Where files are kept, by its address. A vendor's library is read only when it is used."""

from billing_saas.kit.protocols import ObjectStore


def opened(address: str) -> ObjectStore | None:
    """`s3://bucket/prefix?region=…&endpoint=…`; None is the database. `settings` checked it."""
    if not address:
        return None
    from billing_saas.gateways.object_store import S3Objects

    return S3Objects(address)
