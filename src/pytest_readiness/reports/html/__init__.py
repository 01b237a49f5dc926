"""``report.html``: the page that goes on the release ticket, of the document alone.

One file: style, script and pictures are in it, and its policy lets it load nothing else
and run nothing else. All of it can be read without scripts, which only filter.
"""

from pytest_readiness.reports.html.rendering import page

__all__ = ["page"]
