"""What an event remembers of the cells it wrote, so that an older ciphertext put back is found."""

import hashlib
from collections.abc import Iterable


def digest(cells: Iterable[bytes]) -> bytes:
    """SHA-256 of one ciphertext; of several, in their order, SHA-256 of their SHA-256s."""
    digests = [hashlib.sha256(cell).digest() for cell in cells]
    return digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
