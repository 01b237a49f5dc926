"""The embedded target: real servers on loopback, a small engine, and their faults."""
