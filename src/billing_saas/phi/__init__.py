"""Protected health information at rest: sealing, opening, blind indexes, masks.

This room owns each practice's wrapped keys (`tenant_key`) and the posting table of its blind
indexes (`blind_index`). The plain columns of every other room hold no direct identifier.
"""
