"""Security Implementation."""

from pytest_readiness import (
    Authentication,
    Authorization,
    AuthorizedWrites,
    BodyInputs,
    Check,
    Injection,
    Inputs,
    Limits,
    Pages,
    Postgres,
    RateLimit,
    Redis,
    Sources,
    Transport,
    attested,
    item,
    section,
)

pytestmark = section("security-implementation", stage="pre-production")

_KNOWN_PEOPLE = 2
"""A matrix of one person cannot show that people are told apart."""


@item("authentication", owner="security-lead", core=True, scope="release")
def test_authentication(check: Check, authentication: Authentication) -> None:
    """Protected routes refuse everybody whom the service does not know.

    Why: one route that forgot to ask, or one token that is believed unread, opens the
    whole service to whoever finds it.
    Fix: check the credential before the route's own code, pin the token's algorithm and
    key, and answer 401 with nothing of the route's content.
    """
    for route in check.each("protected routes", authentication.routes):
        for one in route.tried:
            check(f"{route.route} {one.what}", one.status).one_of(one.refusals)
        check(f"{route.route} with the credential", route.accepted).below(400)


@item("authorization", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_authorization(
    check: Check,
    authorization: Authorization,
    authorized_writes: AuthorizedWrites,
    limits: Limits,
) -> None:
    """Everybody may do what their role is for, and nothing else.

    Why: whoever is let in is not let in to everything; a cell that is too wide is found
    by the person who should not have it.
    Fix: ask for the role where the operation is declared; write down in
    `[target.NAME.service.authorization]` what each may do.
    """
    check("cells of the matrix", authorization.declared).at_least(
        limits.service.min_cells
    )
    check("known identities", authorization.identities).at_least(_KNOWN_PEOPLE)
    for cell in check.each("cells that read", authorization.cells):
        check(f"{cell.operation} as {cell.identity}", cell.status).equals(cell.expected)
    if authorization.writes.otherwise(default=0):
        for cell in check.each("cells that write", authorized_writes.cells):
            check(f"{cell.operation} as {cell.identity}", cell.status).equals(
                cell.expected
            )


@item("input-validation", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_input_validation(
    check: Check, inputs: Inputs, body_inputs: BodyInputs
) -> None:
    """Malformed input is refused as the client's mistake, and tells nothing.

    Why: input that nobody foresaw stops a worker, and a stack trace tells a stranger
    which library to attack.
    Fix: check type, length and characters before a value is used; answer 400 and keep
    the trace in the log; declare in `[target.NAME.service.inputs]` what is strict.
    """
    for look in (inputs, body_inputs):
        for one in check.each("operations", look.operations):
            check(f"{one.name} breaks by", one.broken).empty()
            check(f"{one.name} shows a trace by", one.traces).empty()
            if one.strict:
                check(f"{one.name} takes", one.accepted).empty()
        check("operations tried", look.coverage).above(0)


@item("sql-injection-prevention", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_sql_injection_prevention(
    check: Check, sources: Sources, injection: Injection
) -> None:
    """What somebody sends is never a part of a statement to the database.

    Why: one statement that is put together from texts hands the whole database to
    whoever writes the text.
    Fix: pass values as parameters of the statement; excuse a finding in the source with
    a comment that names the rule and the reason.
    """
    check("SQL built of texts", sources.built_sql).empty()
    for one in check.each("parameters", injection.parameters):
        check(f"{one.route} database error", one.error).equals("")
        check(f"{one.route} broken by", one.breaking).empty()
        check(f"{one.route} follows the condition", one.conditional).empty()
        check(f"{one.route} sleeps on", one.sleeping).empty()


@item("xss-prevention", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_xss_prevention(check: Check, pages: Pages) -> None:
    """Browsers run the service's own scripts only, and show what was sent as text.

    Why: one text that comes back as markup lets anybody act in the name of whoever
    opens the link; the headers stop it where the code forgot.
    Fix: encode what comes back, send a Content-Security-Policy without inline scripts
    and wildcards, `X-Content-Type-Options: nosniff` and `frame-ancestors`.
    """
    shows_pages = False
    for page in check.each("routes", pages.routes):
        check(f"{page.route} says nosniff", page.nosniff).is_true()
        check(f"{page.route} type", page.content_type).matches(r"[^/]+/[^/]+")
        if page.html.otherwise(default=True):
            shows_pages = True
            check(f"{page.route} policy lets pass", page.weaknesses).empty()
            check(f"{page.route} kept out of frames", page.framed).is_true()
    if shows_pages:
        for one in check.each("routes that show what was sent", pages.reflecting):
            check(f"{one.route} gives it back encoded", one.encoded).is_true()


@item("https", owner="security-lead", core=True)
def test_https(
    check: Check,
    transport: Transport,
    postgres: Postgres,
    redis: Redis,
    limits: Limits,
) -> None:
    """Nothing of the service goes over a network in the clear.

    Why: what is not encrypted is read and changed on its way, log-ins first, and old
    versions of TLS are no encryption any more.
    Fix: redirect or close port 80, send `Strict-Transport-Security`, allow TLS 1.2 and
    1.3 only, and have database and cache sessions use TLS.
    """
    check("plain HTTP", transport.plain).one_of(transport.GOOD)
    if transport.for_browsers.otherwise(default=True):
        check("browsers are told to use HTTPS for", transport.hsts).at_least(
            limits.service.min_hsts
        )
    for version in check.each("old versions of TLS", transport.old_versions):
        check(f"{version.name} is accepted", version.accepted).is_false()
    for name, server in (("database", postgres), ("cache", redis)):
        asked = transport.demands_encryption(server.leaves_host)
        if asked and server.encrypted.configured:
            check(
                f"the session with the {name} is encrypted", server.encrypted
            ).is_true()


@item("api-security", owner="security-lead")
@attested(role="security-lead", scope="environment", when="unconfigured")
def test_api_security(check: Check, rate_limit: RateLimit) -> None:
    """Who asks too often is told to wait, and who has a wrong key gets nothing.

    Why: without a limit one client, or one guess after another, takes the service away
    from all others.
    Fix: count requests by key, answer 429 with `Retry-After`, and check the key before
    anything else.
    """
    check("a burst over the limit meets 429", rate_limit.limited).is_true()
    check("429 says when to come back", rate_limit.announced).is_true()
    check("a wrong key gets", rate_limit.wrong_key).one_of(
        rate_limit.refusals.otherwise(())
    )
