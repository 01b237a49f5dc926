"""reStructuredText, as docutils reads it; what only Sphinx knows is left alone.

No file is included, no raw text taken over. The review stands in a field at the top:
``:reviewed: 2030-01-31``.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles

from pytest_readiness.probes.pages.page import Link, Page

__all__ = ["read"]

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "smart_quotes": False,
    "input_encoding": "utf-8",
}


def read(text: str) -> Page:
    """Read a page; only in a process of its own, for docutils' roles are global."""
    roles.register_local_role("doc", _document)
    tree: Any = publish_doctree(text, settings_overrides=_SETTINGS)
    page = Page()
    for field in tree.findall(nodes.field):
        if field[0].astext().strip().lower() == "reviewed" and not page.reviewed:
            page.reviewed = field[1].astext().strip()
    for node in tree.findall():
        _take(page, node)
    return page


def _take(page: Page, node: Any) -> None:  # noqa: ANN401  # docutils has no types
    if isinstance(node, nodes.Element):
        page.anchors += node.get("ids", ())
    if isinstance(node, nodes.title):
        page.head(node.astext())
    elif isinstance(node, nodes.reference) and node.get("refuri"):
        page.links.append(Link(_line(node), str(node["refuri"])))
    elif isinstance(node, nodes.image):
        page.links.append(Link(_line(node), str(node["uri"])))
    elif isinstance(node, nodes.comment):
        page.mark(node.astext(), _line(node))
    elif isinstance(node, nodes.problematic):
        _unresolved(page, node)
    elif isinstance(node, nodes.Text):
        _say(page, node)


def _unresolved(page: Page, node: Any) -> None:  # noqa: ANN401  # as above
    """Take up a reference to no target; a role of Sphinx's is no reference."""
    text = node.astext()
    if text.endswith("_"):
        page.links.append(Link(_line(node), "#" + text.strip("`_").lower()))


def _say(page: Page, node: Any) -> None:  # noqa: ANN401  # as above
    if _within(node, nodes.literal_block, nodes.literal, nodes.doctest_block):
        page.code.append(str(node))
    elif not _within(node, nodes.comment, nodes.field_list):
        page.say(str(node), _line(node))


def _within(node: Any, *kinds: type) -> bool:  # noqa: ANN401  # as above
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def _line(node: Any) -> int:  # noqa: ANN401  # as above
    while node is not None:
        if getattr(node, "line", None):
            return int(node.line)
        node = node.parent
    return 1


def _document(
    _role: str, _raw: str, text: str, line: int, *_: object, **__: object
) -> tuple[list[Any], list[Any]]:
    """Read Sphinx's ``:doc:`` as the link that it is."""
    shown, _bracket, target = text.rpartition("<")
    name = target.rstrip(">") if shown else text
    reference = nodes.reference(text, shown.strip() or name, refuri=f"{name}.rst")
    reference.line = line
    return [reference], []
