"""WHAT A PERSON SIGNED: in-toto statements in DSSE envelopes, and whom we believe."""
