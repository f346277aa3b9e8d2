"""Who works in a company and in its practices: invited, given roles, suspended, removed by their own."""
