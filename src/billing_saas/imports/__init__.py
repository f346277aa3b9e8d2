"""What practices hand in from their own systems: 837 files become encounters and claims."""
