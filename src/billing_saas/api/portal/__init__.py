"""Pages for patients: server-rendered, in English and Spanish, without JavaScript."""
