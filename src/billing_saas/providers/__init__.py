"""Billing, rendering and referring providers of a practice, by NPI."""
