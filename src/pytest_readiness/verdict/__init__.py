"""What follows: states, gates, the decision. Pure: no I/O, no clock of its own."""
