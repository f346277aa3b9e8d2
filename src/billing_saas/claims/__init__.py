"""Claims and their submissions: states, lineage, what each payer said of each line."""
