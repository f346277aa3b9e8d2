"""Who saw or changed what: append-only events with a row MAC, and whom each concerns. No PHI."""
