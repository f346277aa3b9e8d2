"""People, their memberships and roles, and the tokens they show at the door."""
