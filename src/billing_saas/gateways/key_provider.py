"""Which key provider a deployment has, by its address. A vendor's library is read only when it is used."""

from pathlib import Path

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.protocols import KeyProvider

FOLDER = "folder://"


def opened(address: str) -> KeyProvider:
    """`folder:///path` or `awskms://region/alias/prefix`; `settings` checked it."""
    if address.startswith(FOLDER):
        return KeyFolder(Path(address.removeprefix(FOLDER)))
    from billing_saas.gateways.kms import KmsKeys

    return KmsKeys(address)
