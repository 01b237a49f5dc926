"""The service's configuration files: what they say, and whether they can be used."""
