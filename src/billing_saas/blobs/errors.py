"""What can go wrong with files."""

from billing_saas.kit.errors import Invalid, NotFound


class BlobNotFound(NotFound):
    pass


class BlobTooLarge(Invalid):
    """More bytes than may be kept; `most_bytes` says how many may."""
