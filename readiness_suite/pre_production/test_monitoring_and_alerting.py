"""Monitoring and Alerting."""

from pytest_readiness import Check, Health, Limits, item, section

pytestmark = section("monitoring-and-alerting", stage="pre-production")


@item("health-checks", owner="dev-lead", reach=True, core=True, scope="release")
def test_health_checks(check: Check, health: Health, limits: Limits) -> None:
    """Liveness and readiness answer 200 fast, and nothing that they name is down.

    Why: a balancer that is told "200" sends orders to an instance whose database is
    gone, and an orchestrator that is told nothing restarts one that is well.
    Fix: let readiness ask each dependency and answer 503 while one does not; name the
    routes, and what readiness must name, in `[target.NAME.health]`.
    """
    for route in check.each("health routes", health.routes):
        check(f"{route.name}: status", route.status).one_of((200, 204))
        check(f"{route.name}: time", route.took).at_most(limits.health.answer)
        check(f"{route.name}: format", route.form).satisfies(
            "no web page", lambda form: form != "HTML"
        )
        check(f"{route.name}: not well", route.failing).empty()
        check(f"{route.name}: dependencies not named", route.unnamed).empty()
