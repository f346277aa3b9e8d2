"""The 835 as a fact of business: take in, match, post, reverse."""
