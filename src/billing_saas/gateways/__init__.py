"""The only code that speaks a vendor's protocol, each behind a protocol of `kit`."""
