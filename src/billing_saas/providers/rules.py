"""A provider as files name it. Pure."""

import re

import msgspec

from billing_saas.edi.parties import Address

_NPI = re.compile(r"[0-9]{10}", re.ASCII)


class SeenProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as a file names it; a person has a first name. Text that was not sent is empty."""

    npi: str
    name: str
    first_name: str = ""
    taxonomy: str = ""
    tax_id: str = ""
    address: Address | None = None


def can_be_listed(npi: str) -> bool:
    return _NPI.fullmatch(npi) is not None
