"""A visit: sealed diagnoses and its charges, journalled once when ready to bill."""
