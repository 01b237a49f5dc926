"""A small Options Trading Engine: the service that the demo judges.

A program of its own (``python -m pytest_readiness.demo.engine``): it imports nothing
else of this package, and of it others import :mod:`.release` only.
"""
