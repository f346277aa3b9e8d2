"""Public code sets with their dates: what a code means, and whether it was good on a day. Sources: SOURCES.md."""
