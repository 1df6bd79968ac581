-- The lives of these records: the first begins here, another with every restore. Whoever keeps a position in
-- the records (a phone that synchronises) keeps the life's id with it, and begins anew when it has changed.
CREATE TABLE database_epochs (
    number bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    began_at timestamptz NOT NULL,
    because TEXT NOT NULL CHECK (because IN ('created', 'restored')),
    archive TEXT
);
INSERT INTO database_epochs (number, id, began_at, because) VALUES (1, gen_random_uuid(), now(), 'created');
