"""A policy: whose it is, and what identifies it."""

from datetime import date
from uuid import UUID

import msgspec

from billing_saas.edi.parties import Address
from billing_saas.phi import rules as phi_rules
from billing_saas.phi.sealing import Document

SEQUENCES = ("P", "S", "T")
# X12 element 1069: the insured is the patient.
SELF = "18"


class Subscriber(Document, kw_only=True, omit_defaults=True):
    """Who holds the policy, where that is not the patient."""

    last_name: str
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    birth_date: date | None = None
    sex: str = ""
    address: Address | None = None


class Policy(Document, kw_only=True, omit_defaults=True):
    """`coverage.phi_demo`. `subscriber` is None where the patient holds the policy."""

    member_id: str = ""
    group_number: str = ""
    group_name: str = ""
    subscriber: Subscriber | None = None


class SeenCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """A patient's policy as a file names it. `relationship` is the patient's to the subscriber."""

    patient_id: UUID
    payer_id: UUID
    sequence: str
    relationship: str
    policy: Policy
    filing_indicator: str = ""
    qualified_medicare_beneficiary: bool = False

    def __repr__(self) -> str:
        return "<SeenCoverage>"


def comparable(member_id: str) -> str:
    """A member id without blanks, dashes and case, as the blind index compares it."""
    return phi_rules.identifier_1(member_id)


def is_same_policy(known: Policy, seen: Policy) -> bool:
    """Of one patient and payer: the same member id, or no other one to tell them apart by."""
    one, other = comparable(known.member_id), comparable(seen.member_id)
    return one == other or not one or not other


def amended(known: Policy, seen: Policy) -> Policy:
    """`known` with what `seen` says anew; silence changes nothing."""
    changed = Policy(
        member_id=known.member_id or seen.member_id,
        group_number=seen.group_number or known.group_number,
        group_name=seen.group_name or known.group_name,
        subscriber=seen.subscriber or known.subscriber,
    )
    return known if changed == known else changed
