"""How fast a ledger is verified, and in how little memory: bounds that fail the run.

Times are ratios to the bare signature checks of the same lines, in the same process and
in turns, so that a slow or noisy machine changes both sides. Memory is the growth of a
fresh process that reads the ledger and nothing else.
"""
