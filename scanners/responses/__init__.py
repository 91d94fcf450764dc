"""Which strings of a prompt decide the answer."""
