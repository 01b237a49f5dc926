"""Sphinx configuration; built with ``-n -W``: a broken reference fails the build."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest_readiness

sys.path.append(str(Path(__file__).parent / "_ext"))

project = "pytest-readiness"
author = "The pytest-readiness developers"
copyright = author  # noqa: A001  # Sphinx's word
version = release = pytest_readiness.__version__

extensions = [
    "attributes",
    "generated",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "pytest-readiness"
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"

# Names that no page describes: type variables, other projects' types, our inner parts.
nitpick_ignore_regex = [
    (r"py:.*", r"pytest_readiness\.(catalogue\.item|plugin|verdict)\b.*"),
    (r"py:.*", r"(.*\.)?([A-Z](_co)?|_\w+)"),
    (r"py:class", r"Attestation|Grant|Json|Limits|Path|Recall|Version|(.*\.)?Loaded"),
    (r"py:.*", r"(datetime|dt|collections|packaging|pathlib|pytest|_pytest)\..*"),
    (r"py:.*", r"threading\..*"),
]
