"""What can go wrong with keys and sealed cells. No message holds a value, a token or a key."""

from billing_saas.kit.errors import Conflict, Invalid
from billing_saas.kit.protocols import KeyProviderDown


class SealBroken(Exception):
    """A sealed cell is not what was sealed in this place: damaged, moved, or of another practice.

    Not a `DomainError`: nobody asked for it, and an answer with details would help who did it.
    """


class KeyVersionUnknown(SealBroken):
    """Sealed with a newer key than this process has read; the next `keyring.of` reads again."""


class KeysMissing(Exception):
    """The practice has no keys: it was not provisioned, or its keys were destroyed."""


class WrongKey(KeyProviderDown):
    """The provider unwrapped something, but not the key that was wrapped: it is not to be trusted."""


class KeyWorn(Exception):
    """A key has sealed as many messages as AES-GCM with random nonces allows: rotate it."""


class KeyNotReady(Conflict):
    """A new version cannot be promoted before every process has had time to read it."""


class NothingToIndex(Invalid):
    """The value holds nothing that an index could find again."""
