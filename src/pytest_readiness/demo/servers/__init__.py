"""The demo's real servers: where their programs are, how they start and stop."""
