"""Rules across segments of a claim."""

from billing_saas.edi.guides.catalog import Rules

PROFESSIONAL: Rules = {}
INSTITUTIONAL: Rules = {}
DENTAL: Rules = {}
