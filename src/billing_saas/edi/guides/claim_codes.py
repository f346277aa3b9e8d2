"""Codes and dates of a claim: what points to what, and what was good on the day of the service."""

from collections.abc import Iterator

from billing_saas.edi.validation_elements import is_day
from billing_saas.edi.validation_loops import Loop, element
from billing_saas.edi.validation_report import Report, Spot

_ICD10 = frozenset(("ABK", "ABF", "ABJ", "ABN", "APR"))
_ICD9 = frozenset(("BK", "BF", "BJ", "BN", "PR"))
_POINTED_TO = frozenset(("ABK", "ABF", "BK", "BF"))
_ICD10_SINCE = "20151001"  # 45 CFR 162.1002(c)
_POINTERS = {"SV1": 7, "SV3": 11}
_PROCEDURES = {"SV1": 1, "SV2": 2, "SV3": 1}
# Dates that lie ahead by their nature.
_AHEAD = frozenset(("296", "361", "471"))
_PER_HI = 12


def service_day(loop: Loop) -> str:
    """The first day of the claim's services, or of the statement; "" where none is readable."""
    for line in loop.inside("2400"):
        for _, dated in line.every("DTP", "472"):
            return _first_day(element(dated, 3))
    for _, dated in loop.every("DTP", "434", "472"):
        return _first_day(element(dated, 3))
    return ""


def _first_day(period: str) -> str:
    return period[:8] if is_day(period[:8]) else ""


def dates_run_forward(loop: Loop, report: Report) -> None:
    """A period ends after it begins, and nothing was done after the file was made."""
    for home in (loop, *loop.inside("2400")):
        for position, dated in home.every("DTP"):
            period = element(dated, 3)
            spot = Spot(position, home.id, "DTP", 3, reference="1251")
            first, dash, last = period.partition("-")
            if dash and is_day(first) and is_day(last) and last < first:
                report.report(spot, "period_order", "The period ends before it begins (DTP03).")
            elif is_day(first[:8]) and _is_ahead(first[:8], element(dated, 1), report.day):
                report.report(
                    spot, "future_date", "The date lies after the day the file was made (BHT04)."
                )


def _is_ahead(day: str, what: str, today: str) -> bool:
    return bool(today) and day > today and what not in _AHEAD


def diagnoses_are_of_one_edition(loop: Loop, report: Report) -> None:
    """ICD-9 and ICD-10 never together, and ICD-9 never for services since October 2015."""
    editions: set[str] = set()
    where = Spot(loop.position, loop.id, "HI")
    for spot, kind, _ in _health_codes(loop, report):
        if kind in _ICD10 or kind in _ICD9:
            edition = "10" if kind in _ICD10 else "9"
            where = where if editions else spot
            editions.add(edition)
    if len(editions) == 2:
        report.report(where, "icd_editions", "ICD-9 and ICD-10 codes stand in one claim.")
    elif editions == {"9"} and service_day(loop) >= _ICD10_SINCE:
        report.report(
            where, "icd_edition", "Services since October 2015 take ICD-10 codes (HI qualifiers)."
        )


def _health_codes(loop: Loop, report: Report) -> Iterator[tuple[Spot, str, str]]:
    for position, codes in loop.every("HI"):
        for at, composite in enumerate(codes[1 : _PER_HI + 1], 1):
            parts = composite.split(report.delimiters.component)
            if len(parts) > 1:
                yield Spot(position, loop.id, "HI", at, 2, reference="1271"), parts[0], parts[1]


def pointers_name_diagnoses(loop: Loop, report: Report) -> None:
    """A line points to diagnoses that the claim has."""
    count = sum(1 for _, kind, _ in _health_codes(loop, report) if kind in _POINTED_TO)
    for line in loop.inside("2400"):
        for segment_id, at in _POINTERS.items():
            for position, service in line.every(segment_id):
                pointers = element(service, at).split(report.delimiters.component)
                for number, pointer in enumerate(pointers, 1):
                    if pointer.isdecimal() and int(pointer) > count:
                        report.report(
                            Spot(position, line.id, segment_id, at, number, reference="1328"),
                            "diagnosis_pointer",
                            f"The line points to diagnosis {int(pointer)}, and the claim has"
                            f" {count}.",
                        )


def codes_are_good_on_their_day(loop: Loop, report: Report) -> None:
    """Diagnoses and HCPCS codes against the caller's sets, on the first day of service."""
    sets = report.options.code_sets
    diagnosis, procedure = sets.get("icd10"), sets.get("hcpcs")
    if diagnosis is None and procedure is None:
        return
    day = service_day(loop) or report.day
    if diagnosis is not None:
        for spot, kind, code in _health_codes(loop, report):
            if kind in _ICD10 and code and not diagnosis(code, day):
                report.unknown_code(spot, "icd10", code)
    if procedure is None:
        return
    for line in loop.inside("2400"):
        for segment_id, at in _PROCEDURES.items():
            for position, service in line.every(segment_id):
                kind, code = _procedure(element(service, at), report)
                if kind == "HC" and code and not procedure(code, _line_day(line) or day):
                    spot = Spot(position, line.id, segment_id, at, 2, reference="234")
                    report.unknown_code(spot, "hcpcs", code)


def _procedure(composite: str, report: Report) -> tuple[str, str]:
    parts = composite.split(report.delimiters.component)
    return parts[0], element(parts, 1)


def _line_day(line: Loop) -> str:
    _, dated = line.first("DTP", "472")
    return _first_day(element(dated, 3))
