"""What goes to patients, each through the policy gate: contacts, consents, pauses, letters and texts."""
