"""Ticket systems that a report is attached to: one module each."""
