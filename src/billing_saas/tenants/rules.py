"""What makes a practice's particulars right."""

from zoneinfo import available_timezones


def is_npi(text: str) -> bool:
    """Ten digits whose Luhn check holds with the prefix 80840 (45 CFR 162.406)."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        return False
    total = 24  # what the prefix 80840 adds
    for index, digit in enumerate(reversed(text)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def faults(name: str, npi: str, tax_id: str, time_zone: str) -> dict[str, str]:
    """Field name to what is wrong with it; empty when nothing is."""
    found = {}
    if not name.strip():
        found["name"] = "A practice needs a name."
    if not is_npi(npi):
        found["npi"] = "An NPI is ten digits with a right check digit."
    if not (len(tax_id) == 9 and tax_id.isascii() and tax_id.isdigit()):
        found["tax_id"] = "A tax id is nine digits."
    if time_zone not in available_timezones():
        found["time_zone"] = "The time zone is not a known one, such as America/New_York."
    return found
