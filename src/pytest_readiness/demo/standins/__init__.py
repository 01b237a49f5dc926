"""What the demo cannot run for real: old servers, and peers that behave badly.

Each speaks just enough of its protocol that an honest client believes it. All listen on
loopback, on a port of the system's choice, in daemon threads, and stop when closed.
"""
