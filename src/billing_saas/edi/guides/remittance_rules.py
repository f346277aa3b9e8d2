"""Rules across segments of a remittance."""

from billing_saas.edi.guides.catalog import Rules

RULES: Rules = {}
