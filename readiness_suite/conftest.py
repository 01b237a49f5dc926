"""The suite's fixtures are the plugin's; imported here they are nearest."""

from pytest_readiness.plugin.fixtures import *  # noqa: F403
