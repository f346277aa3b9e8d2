"""Tokens for machines of a practice (RFC 6749, client credentials), and what is known of them in public."""
