"""What patients may demand of an office by law, and what they ask it to put right: each with its clock."""
