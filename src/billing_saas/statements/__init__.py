"""What a patient owes: explanation, statements and their runs, dunning."""
