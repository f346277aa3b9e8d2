"""For the billing company's people and the practice's. Every path names the practice."""
