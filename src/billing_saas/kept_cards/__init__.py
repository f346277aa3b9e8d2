"""Cards that patients let us keep, and what is charged on them when they are not there."""
