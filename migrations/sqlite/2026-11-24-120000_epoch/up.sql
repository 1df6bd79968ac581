-- The lives of these records: the first begins here, another with every restore. Whoever keeps a position in
-- the records (a phone that synchronises) keeps the life's id with it, and begins anew when it has changed.
CREATE TABLE database_epochs (
    number BIGINT PRIMARY KEY NOT NULL,
    id BLOB NOT NULL UNIQUE,
    began_at BIGINT NOT NULL,
    because TEXT NOT NULL CHECK (because IN ('created', 'restored')),
    archive TEXT
) WITHOUT ROWID;
-- A random id of version 4, and the time in microseconds.
INSERT INTO database_epochs (number, id, began_at, because) VALUES (
    1,
    unhex(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)), 2)),
    unixepoch() * 1000000,
    'created'
);
