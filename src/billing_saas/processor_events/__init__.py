"""What knocks from the processor, and what is asked about when nothing does."""
