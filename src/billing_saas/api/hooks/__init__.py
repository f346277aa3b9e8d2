"""Those who knock: Stripe, and carriers of mail and texts."""
