"""Configuration Management."""

from pytest_readiness import Check, Configuration, Environment, attested, item, section

pytestmark = section("configuration-management", stage="pre-production")


@item("environment-variables", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_environment_variables(check: Check, environment: Environment) -> None:
    """Every variable that the service needs is set to a value of its own, and kept.

    Why: a variable that is missing shows when the code that reads it first runs, and
    one that everybody can read is no secret any more.
    Fix: set what is named here; `chmod 600` the file and `git rm --cached` it, then
    change the secrets that it held.
    """
    check("variables that must be set", environment.required).satisfies(
        "at least one", bool
    )
    check("variables that are not set", environment.missing).empty()
    check("variables that are empty", environment.empty).empty()
    check("variables left as in the example", environment.placeholders).empty()
    if environment.is_file.otherwise(default=False):
        check("others may read the file", environment.open_to_others).is_false()
        check("git keeps the file", environment.tracked).is_false()


@item("configuration-files", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_configuration_files(check: Check, configuration: Configuration) -> None:
    """Every configuration file can be read, holds what it must, and is accepted.

    Why: a file that cannot be read stops the service at its next start, and of a key
    that stands twice one value is silently lost.
    Fix: mend the file and line that are named; for the logging file, make the class or
    the module that it names importable for the service's interpreter.
    """
    check("files that are not there", configuration.absent).empty()
    check("files that cannot be read", configuration.malformed).empty()
    check("keys that are missing", configuration.missing).empty()
    check("what breaks a schema", configuration.breaches).empty()
    check("logging is accepted", configuration.logging_accepted).is_true()


@item("logging-configuration", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_logging_configuration(check: Check, configuration: Configuration) -> None:
    """The service logs what matters, errors above all, and cannot fill its disk.

    Why: with DEBUG on, secrets and gigabytes go into the logs, and a log that grows for
    ever ends with a disk that is full.
    Fix: set the loggers to INFO, give the root a handler for errors, take a rotating
    handler or a rule of logrotate; name what collects the standard output.
    """
    check("logging is accepted", configuration.logging_accepted).is_true()
    check("loggers below INFO", configuration.verbose).empty()
    check("handlers that take errors", configuration.error_sinks).satisfies(
        "at least one", bool
    )
    check("files that grow for ever", configuration.unbounded).empty()
    check("output that nothing collects", configuration.uncollected).empty()
