"""A practice's keys over the years: rotated while it works, checked against the trail, and destroyed."""
