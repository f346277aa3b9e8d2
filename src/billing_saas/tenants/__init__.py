"""Billing companies and their practices: agreements, settings, life cycle. A practice is a tenant."""
