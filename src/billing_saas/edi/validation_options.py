"""How strictly a file is read, and the code sets it is held to."""

from collections.abc import Callable, Mapping

import msgspec

# Whether a code was good on a day (CCYYMMDD, "" where the file names none). The caller owns the
# code sets and answers True for systems it does not have (CPT for one).
CodeCheck = Callable[[str, str], bool]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`code_sets` by name: carc, rarc, hcpcs, icd10, place, taxonomy, state, country, currency,
    status, status_category. A name that is not given is not checked.

    `other_letters` admits letters outside ASCII (by agreement with the partner only, RFI 2212);
    `medicare` adds Medicare's own limits; `own_claims` holds CLM01 to the form of our numbers;
    `limit` is the most findings kept for one set.
    """

    code_sets: Mapping[str, CodeCheck] = {}
    other_letters: bool = False
    medicare: bool = False
    own_claims: bool = False
    limit: int = 1000


DEFAULT = Options()
