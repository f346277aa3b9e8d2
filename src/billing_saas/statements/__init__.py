"""What a patient owes and why: explanations, statements and their runs, dunning, print batches."""
