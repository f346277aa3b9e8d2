"""The work list: a card says what to do, why, what it is worth, and until when. No PHI."""
