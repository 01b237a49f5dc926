"""Pages that people read, as what a program can hold them against.

Markdown, reStructuredText and HTML become the same :class:`~.page.Page`. Also a program
(``python -m pytest_readiness.probes.pages FILE FORMAT``): what is large, or read by
docutils, is read in a process of its own, which can be ended.
"""
