"""Pages for staff: signing in, one's own account, and a place to land. They work without JavaScript,
but for passkeys."""
