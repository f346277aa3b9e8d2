"""How people prove who they are: passwords, second factors, the sessions they open, and the way back."""
