"""Examples in the contract, made of one invented case: Emil Fernhollow, seen at Elm Family Medicine.

Each field has one value here, by its name or, where that is not enough, by `Schema.field`. Examples
of whole bodies are put together from them by the schemas, so they cannot drift apart from these.
"""

import zlib
from typing import Any

from billing_saas.api import (
    contract_examples_collections,
    contract_examples_messages,
    contract_examples_payments,
    contract_examples_plans,
    contract_examples_portal,
    contract_examples_statements,
)

Json = dict[str, Any]

_FIELDS: dict[str, Any] = {
    "AccessToken.access_token": "mc_the-43-characters-that-you-were-given",
    "AccessToken.expires_in": 600,
    "AccessToken.scope": "claims.read",
    "AccessToken.token_type": "Bearer",
    "account": "payer_receivable",
    "account_number": "260998460000001",
    "action": "patient.read",
    "absolute_minutes": 720,
    "actor_kind": "user",
    "adjudication": "paid",
    "adjusted_cents": 2825,
    "allowed_cents": 11425,
    "amount_cents": 2825,
    "Arrival.kind": "era835",
    "Arrival.name": "lantern-2026-10-05.835",
    "Arrival.state": "handled",
    "at": "2026-10-06T14:03:27Z",
    "balance_cents": 1425,
    "birth_date": "1995-02-13",
    "bytes": 1184,
    "Card.kind": "denial",
    "Card.state": "open",
    "cards": 0,
    "cash_cents": 10000,
    "charge_cents": 14250,
    "charged_cents": 14250,
    "city": "Springfield",
    "claims": 1,
    "claims_paid_cents": 10000,
    "ClaimEvent.from_state": "primary",
    "ClaimEvent.to_state": "patient",
    "ClaimPayment.state": "posted",
    "ClaimPayment.status": "1",
    "classes_read": "demographic",
    "Client.name": "Elm's own system",
    "Client.networks": "203.0.113.0/24",
    "Client.scopes": "claims.read",
    "ClientIn.expires_at": "2027-10-01T00:00:00Z",
    "ClientIn.name": "Elm's own system",
    "ClientIn.networks": "203.0.113.0/24",
    "ClientIn.scopes": "claims.read",
    "code": "R5",
    "component": 0,
    "Connection.kind": "practice_system",
    "Connection.name": "Elm's own system",
    "Connection.own_qualifier": "ZZ",
    "Connection.partner_qualifier": "ZZ",
    "Connection.usage": "P",
    "ConnectionChanged.name": "Elm's own system",
    "ConnectionIn.name": "Elm's own system",
    "credit_cents": 14250,
    "debit_cents": 14250,
    "delivery": "accepted",
    "denied_lines": 0,
    "detail": {"count": 1},
    "diagnoses": "M5450",
    "difference_cents": 0,
    "element": 3,
    "element_reference": "782",
    "email": "emil.fernhollow@example.test",
    "Entry.kind": "charge",
    "errors": 0,
    "facts": {},
    "field": "receivable",
    "first_name": "Emil",
    "frequency": "1",
    "functional_group": 1,
    "give_token.client_assertion": "",
    "give_token.client_assertion_type": "",
    "give_token.client_id": "019a2b3c-4d5e-7f60-8a1b-0000c55b3be9",
    "give_token.client_secret": "ms_the-43-characters-that-you-were-given",
    "give_token.grant_type": "client_credentials",
    "give_token.scope": "claims.read",
    "group": "CO",
    "group_code": "CO",
    "IdentityProvider.active": True,
    "IdentityProvider.client_id": "billing-at-ash",
    "IdentityProvider.email_domains": "ash.example",
    "IdentityProvider.issuer": "https://ash.okta.example",
    "IdentityProvider.name": "Ash Billing",
    "IdentityProvider.redirect_uri": "https://billing.example.com/sign-in/oidc/01a2014f-bdda-712d-bec4-e0ca03055278/callback",
    "IdentityProvider.scopes": "openid",
    "IdentityProvider.second_factor_acr": "urn:ash:strong",
    "IdentityProvider.second_factor_amr": "mfa",
    "IdentityProvider.vouches_for_domains": False,
    "IdentityProviderIn.active": True,
    "IdentityProviderIn.client_id": "billing-at-ash",
    "IdentityProviderIn.client_secret": "the-secret-that-the-provider-showed",
    "IdentityProviderIn.email_domains": "ash.example",
    "IdentityProviderIn.issuer": "https://ash.okta.example",
    "IdentityProviderIn.name": "Ash Billing",
    "IdentityProviderIn.scopes": "openid",
    "IdentityProviderIn.second_factor_acr": "urn:ash:strong",
    "IdentityProviderIn.second_factor_amr": "mfa",
    "IdentityProviderIn.vouches_for_domains": False,
    "idle_minutes": 15,
    "interchange": 1,
    "ip_prefix": "198.51.100.0/24",
    "last_name": "Fernhollow",
    "level": "balance",
    "line1": "92 Fixture Ct",
    "line2": "",
    "loop": "2100",
    "matched": 1,
    "medical_record_number": "MRN-000184",
    "message": "The claim's charge less all adjustments is not what is stated as paid.",
    "method": "ACH",
    "middle_name": "",
    "modifiers": "25",
    "Money.state": "partly_paid",
    "n": 1,
    "name": "Fernhollow, Em",
    "NewClientSecret.secret": "ms_the-43-characters-that-you-were-given",
    "next_action_owner": "patient",
    "next_cursor": "AZorPE1ef2CKGyw9Tl9gcQ",
    "npi": "1922164458",
    "OAuthError.error": "invalid_client",
    "OAuthError.error_description": "The client could not be authenticated.",
    "object_type": "patient",
    "outcome": "done",
    "CardClosing.outcome": "corrected",
    "own_group_id": "BILLINGSAAS",
    "own_id": "BILLINGSAAS",
    "owner": "biller",
    "paid_cents": 10000,
    "partner_group_id": "ELMSYSTEM",
    "partner_id": "ELMSYSTEM",
    "party_kind": "payer",
    "patient_balance_cents": 1425,
    "patient_control_number": "K7Q2M9X4T1",
    "patient_first_name": "Emil",
    "patient_last_name": "Fernhollow",
    "patient_responsibility_cents": 1425,
    "payer_balance_cents": 0,
    "payer_control_number": "LM2026100512345",
    "payer_name": "Lantern Mutual Insurance",
    "payment_cents": 10000,
    "ExtensionIn.reason": "The chart of that year is on paper, in storage.",
    "PatientAnswerIn.words": "A copy of both visits is attached.",
    "PatientRequest.about": "record",
    "PatientRequest.answer": "A copy of both visits is attached.",
    "PatientRequest.asked": "My visits of last autumn.",
    "PatientRequest.disagreed_at": None,
    "PatientRequest.disagreement": "",
    "PatientRequest.due_on": "2026-10-20",
    "PatientRequest.extended_at": None,
    "PatientRequest.extension": "",
    "PatientRequest.form": "portal",
    "PatientRequest.kind": "records",
    "PatientRequest.state": "fulfilled",
    "PatientRequestIn.form": "portal",
    "PatientRequestIn.words": "My visits of last autumn.",
    "phones": "2175550137",
    "pointers": "1",
    "postal_code": "62701",
    "Practice.name": "Elm Family Medicine",
    "Practice.status": "active",
    "procedure_code": "G0463",
    "provider_adjustment_cents": 0,
    "purpose": "payment",
    "PublicKey.alg": "ES256",
    "PublicKey.crv": "P-256",
    "PublicKey.e": "",
    "PublicKey.kid": "elm-2026",
    "PublicKey.kty": "EC",
    "PublicKey.n": "",
    "PublicKey.use": "sig",
    "PublicKey.x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "PublicKey.y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "quantity": "1",
    "reason": "45",
    "reason_code": "45",
    "receivable": "patient",
    "remarks": "N130",
    "Remittance.state": "posted",
    "request_id": "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071",
    "Posted.reversed": 0,
    "review_reason": "",
    "roles": "biller",
    "SecretWanted.overlap_hours": 24,
    "segment": "CLP",
    "segment_position": 17,
    "sequence": "P",
    "severity": "error",
    "sex": "M",
    "sha256": "5b8f1c0a6f0e4a4f9d1d3f6a2c7b8e90d1c2b3a4958677f6e5d4c3b2a1908f7e",
    "source": "upload",
    "source_type": "remittance",
    "state": "IL",
    "subject_type": "claim_payment",
    "submitted_procedure": "",
    "time_zone": "America/Chicago",
    "trace_number": "LMTRACE0001",
    "transaction": 1,
    "unapplied_cents": 0,
    "units": "1",
    "unmatched": 0,
    "user_agent_hint": "Firefox on Windows",
    "value": "999.99",
    "version": 1,
    "warnings": 0,
    "why": "Lantern Mutual Insurance denied G0463: CO 16.",
    "work": "closed",
    "actor_name": "Alice Ashworth",
    "about": "Remittance file of 2026-10-05",
    "arguments": {"arrival_id": "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071"},
    "attempts": 5,
    "error": "TimeoutError in the key provider",
    "explanation": "The key provider did not answer in time; replay when it does.",
    "DeadLetter.kind": "remittances.take_in",
    "lost": 0,
    "most_attempts": 5,
    "queue": "files",
    "Document.kind": "denial_letter",
    "media_type": "application/pdf",
    "pages": 2,
    "title": "Denial letter of 2026-10-05",
    "worth_cents": 14250,
    "CaseReviewIn.days": 14,
    "CoderCredential.kind": "CPC",
    "EmergencyAccess.review": "",
    "EmergencyAccessIn.minutes": 60,
    "EmergencyAccessIn.reason": "A payer calls about a surgery tomorrow; nobody of the practice is at work.",
    "EmergencyAccess.reason": "A payer calls about a surgery tomorrow; nobody of the practice is at work.",
    "masked": "diagnoses",
    "ticket": "HELP-1207",
    "write_off_limit_cents": 10000,
    "Accepted.password_link": "/password/Zk3v9QmB7cX1nR5tY8wL2pS6dF0gH4jK-aUeIoTzVhM",
    "AcceptanceIn.token": "Zk3v9QmB7cX1nR5tY8wL2pS6dF0gH4jK-aUeIoTzVhM",
    "AcceptanceIn.name": "Ida Quill",
    "Agreement.signed_by": "Dr. E. Elm",
    "AgreementIn.signed_by": "Dr. E. Elm",
    "Company.name": "Ash Billing",
    "Company.roles": "company_admin",
    "Company.status": "active",
    "CompanyInvitationIn.email": "ida.quill@example.test",
    "CompanyMember.email": "ida.quill@example.test",
    "CompanyMember.name": "Ida Quill",
    "CompanyMemberRow.email": "ida.quill@example.test",
    "CompanyMemberRow.name": "Ida Quill",
    "CompanyMemberRow.practices": 12,
    "CompanyPractice.name": "Elm Family Medicine",
    "CompanyPractice.status": "active",
    "company_roles": "supervisor",
    "Invitation.email": "ida.quill@example.test",
    "Permission.action": "post",
    "Permission.permission": "remittances.post",
    "Permission.resource": "remittances",
    "Permission.says": "Post remittances to the books.",
    "practice_name": "Elm Family Medicine",
    "practice_roles": "biller",
    "PracticeInvitationIn.email": "ida.quill@example.test",
    "PracticeMember.email": "ida.quill@example.test",
    "PracticeMember.name": "Ida Quill",
    "side": "company",
    "Work.kind": "denial",
    "Work.state": "open",
    **contract_examples_collections.FIELDS,
    **contract_examples_messages.FIELDS,
    **contract_examples_payments.FIELDS,
    **contract_examples_plans.FIELDS,
    **contract_examples_portal.FIELDS,
    **contract_examples_statements.FIELDS,
}
_NONE = frozenset(
    {"closed_at", "duplicate_of", "merged_into", "reversed_by", "reverses", "submission_id"}
)
_FORMATS = {"date": "2026-09-20", "date-time": "2026-10-06T14:03:27Z"}


class Composer:
    """Puts examples together. `guessed` names the fields that have no value above."""

    def __init__(self, schemas: dict[str, Json]) -> None:
        self.schemas = schemas
        self.guessed: set[str] = set()

    def of(self, schema: Json, place: str = "") -> Any:
        """The example of a schema that stands at `place`, which is `Schema.field`."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.of(self.schemas[name], name)
        if "oneOf" in schema:
            return self._either(schema["oneOf"], place)
        for key in ("examples", "enum"):
            if key in schema:
                return schema[key][0]
        if "const" in schema:
            return schema["const"]
        if "properties" in schema:
            return {
                field: self.of(described, f"{place}.{field}")
                for field, described in schema["properties"].items()
            }
        if schema.get("type") == "array":
            return self._list(schema, place)
        return self._plain(schema, place)

    def _either(self, choices: list[Json], place: str) -> Any:
        if place.rpartition(".")[2] in _NONE:
            return None
        return self.of(next(one for one in choices if one.get("type") != "null"), place)

    def _list(self, schema: Json, place: str) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(one, place) for one in schema["prefixItems"]]
        return [self.of(schema["items"], place)]

    def _plain(self, schema: Json, place: str) -> Any:
        field = place.rpartition(".")[2]
        if schema.get("format") == "uuid":
            # `claim_id` is one claim wherever it stands, and so is the `id` of a claim.
            return _id(place if field == "id" else field)
        for known in (place, field):
            if known in _FIELDS:
                return _FIELDS[known]
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if schema.get("type") == "boolean":
            return False
        self.guessed.add(place)
        return {"string": "word", "integer": 1, "number": 1}.get(str(schema.get("type")), {})


def _id(of: str) -> str:
    schema, _, field = of.rpartition(".")
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in schema).lstrip("_")
    word = f"{words}_{field}" if schema else field
    return f"019a2b3c-4d5e-7f60-8a1b-{zlib.crc32(word.encode()):012x}"


CLAIM_837P = """\
ISA*00*          *00*          *ZZ*ELMSYSTEM      *ZZ*BILLINGSAAS    *261001*0600*^*00501*000000001*0*P*:~
GS*HC*ELMSYSTEM*BILLINGSAAS*20261001*0600*1*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*0000000010001*20261001*0600*CH~
NM1*41*2*ELM FAMILY MEDICINE*****46*ELMSYSTEM~
PER*IC*BILLING DESK*TE*2175550100~
NM1*40*2*BILLING SAAS*****46*BILLINGSAAS~
HL*1**20*1~
PRV*BI*PXC*207Q00000X~
NM1*85*2*ELM FAMILY MEDICINE*****XX*1922164458~
N3*100 MAIN ST~
N4*SPRINGFIELD*IL*627010001~
REF*EI*999994703~
HL*2*1*22*0~
SBR*P*18*GRP30108******CI~
NM1*IL*1*FERNHOLLOW*EMIL****MI*LMI77022486~
N3*92 FIXTURE CT~
N4*SPRINGFIELD*IL*627015911~
DMG*D8*19950213*M~
NM1*PR*2*LANTERN MUTUAL INSURANCE*****PI*LNTM2~
CLM*260998460000001*142.5***11:B:1*Y*A*Y*Y~
HI*ABK:M5450~
NM1*82*1*GRANITEFORD*IVOR****XX*1999975695~
PRV*PE*PXC*207Q00000X~
LX*1~
SV1*HC:G0463*142.5*UN*1***1~
DTP*472*D8*20260920~
SE*26*0001~
GE*1*1~
IEA*1*000000001~
"""

REMITTANCE_835 = """\
ISA*00*          *00*          *ZZ*LNTM2          *ZZ*BILLINGSAAS    *261005*0600*^*00501*000000001*0*P*:~
GS*HP*LNTM2*BILLINGSAAS*20261005*0600*1*X*005010X221A1~
ST*835*0001~
BPR*I*100*C*ACH*CCP*01*999999992*DA*123456*1999999999**01*999988881*DA*98765*20261005~
TRN*1*LMTRACE0001*1999999999~
DTM*405*20261005~
N1*PR*LANTERN MUTUAL INSURANCE~
N3*1 LANTERN WAY~
N4*SPRINGFIELD*IL*627010001~
PER*BL*PROVIDER SERVICES*TE*2175550199~
N1*PE*ELM FAMILY MEDICINE*XX*1922164458~
REF*TJ*999994703~
LX*1~
CLP*260998460000001*1*142.5*100*14.25*12*LM2026100512345*11*1~
NM1*QC*1*FERNHOLLOW*EMIL****MI*LMI77022486~
DTM*232*20260920~
SVC*HC:G0463*142.5*100**1~
DTM*472*20260920~
CAS*CO*45*28.25~
CAS*PR*2*14.25~
AMT*B6*114.25~
SE*20*0001~
GE*1*1~
IEA*1*000000001~
"""
