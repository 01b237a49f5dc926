"""A small Options Trading Engine: the service that the demo judges.

A program of its own (``python -m pytest_readiness.demo.engine``): nothing else of this
package imports it, and it imports nothing else of this package.
"""
