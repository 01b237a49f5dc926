"""What the service calls itself and its release."""

__all__ = ["NAME", "VERSION"]

NAME = "options-trading-engine"
VERSION = "1.4.0"
