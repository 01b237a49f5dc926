"""The project's own tests; nothing here is for a readiness suite."""

pytest_plugins = ["pytester"]
