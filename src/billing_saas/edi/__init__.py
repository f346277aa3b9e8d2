"""X12 text to and from plain structs in billing words.

This room knows no database, no clock and no code tables (they are passed in). Start at
`envelope.interchanges`; each kind of transaction has a module with `read` and `write`.
"""
