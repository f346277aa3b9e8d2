"""Sign-in by an organization's own OpenID Connect provider: whom it vouches for, and whom not."""
