"""``python -m pytest_readiness`` is the ``readiness`` command."""

import sys

from pytest_readiness.cli import main

sys.exit(main())
