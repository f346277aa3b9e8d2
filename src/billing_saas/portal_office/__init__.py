"""Links to the portal from outside it: given and ended by the office, sent anew; and removing what ran out."""
