"""A multi-tenant back office for outsourced medical billing."""

__version__ = "0.1.0"
