"""Financial assistance: a practice's sliding scale, applications, decisions, and what is written off."""
