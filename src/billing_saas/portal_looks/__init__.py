"""How a practice looks to its patients, and what it lets them do in the portal."""
