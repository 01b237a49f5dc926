-- What the engine keeps. Owned by the superuser of the demo: the service may only
-- read contracts and add orders, whoever looks at it may only read.

CREATE TABLE contracts (
    symbol      text PRIMARY KEY,
    underlying  text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('call', 'put')),
    strike      numeric(12, 4) NOT NULL CHECK (strike > 0),
    expiry      date NOT NULL,
    spot        numeric(12, 4) NOT NULL CHECK (spot > 0),
    volatility  numeric(6, 4) NOT NULL CHECK (volatility > 0)
);

CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    trader      text NOT NULL,
    symbol      text NOT NULL REFERENCES contracts,
    side        text NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity    integer NOT NULL CHECK (quantity > 0),
    limit_price numeric(12, 4) NOT NULL CHECK (limit_price >= 0)
);
CREATE INDEX orders_by_trader ON orders (trader, placed_at);
CREATE INDEX orders_by_symbol ON orders (symbol);

CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('8c1f6b2d4e90');

INSERT INTO contracts VALUES
    ('DEMO-C100', 'DEMO', 'call', 100, CURRENT_DATE + 90, 101.50, 0.24),
    ('DEMO-P100', 'DEMO', 'put', 100, CURRENT_DATE + 90, 101.50, 0.24),
    ('DEMO-C110', 'DEMO', 'call', 110, CURRENT_DATE + 180, 101.50, 0.26),
    ('ACME-P050', 'ACME', 'put', 50, CURRENT_DATE + 30, 53.20, 0.35);

REVOKE ALL ON DATABASE trading FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE trading TO engine, readiness;
GRANT USAGE ON SCHEMA public TO engine, readiness;
GRANT SELECT ON contracts, orders TO engine, readiness;
GRANT SELECT ON alembic_version TO readiness;
GRANT INSERT ON orders TO engine;
