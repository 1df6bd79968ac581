-- Ledgers and lists that were brought in from files, and those that were written out.

CREATE TABLE imports (
    id uuid PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hazards', 'institutions')),
    file_name TEXT,
    -- The file itself is in the evidence store for a while; what it was is known for good.
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    only_good BOOLEAN NOT NULL,
    institution_id uuid REFERENCES institutions (id),
    requested_by uuid NOT NULL REFERENCES users (id),
    requested_at timestamptz NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'reading', 'writing', 'done', 'refused', 'failed')),
    rows_total BIGINT NOT NULL,
    rows_done BIGINT NOT NULL,
    good BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    fault TEXT,
    finished_at timestamptz
);
CREATE INDEX imports_requester ON imports (requested_by, id);

-- What is wrong with which cell; at most so many of an import.
CREATE TABLE import_errors (
    import_id uuid NOT NULL REFERENCES imports (id),
    position BIGINT NOT NULL,
    -- An error stands in the way of its row, a note does not.
    level TEXT NOT NULL CHECK (level IN ('error', 'note')),
    sheet TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    cell TEXT NOT NULL,
    column_name TEXT NOT NULL,
    code TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (import_id, position)
);

CREATE TABLE exports (
    id uuid PRIMARY KEY NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('csv', 'xlsx')),
    filter TEXT NOT NULL,
    requested_by uuid NOT NULL REFERENCES users (id),
    requested_at timestamptz NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'writing', 'done', 'failed', 'expired')),
    rows_done BIGINT NOT NULL,
    size BIGINT,
    sha256 TEXT,
    fault TEXT,
    finished_at timestamptz,
    expires_at timestamptz
);
CREATE INDEX exports_requester ON exports (requested_by, id);
