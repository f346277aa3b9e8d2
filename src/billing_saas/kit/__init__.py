"""Tools with no billing word in them: sessions, actor, money, clock, ids, errors, settings, logs."""
