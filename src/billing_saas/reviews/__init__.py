"""An outside expert and the one case they were asked to review: for days, to read, and nothing else."""
