-- Background work, and what it found out about the evidence.

CREATE TABLE jobs (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    -- What the job is about; one job of a kind and key.
    subject TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    -- How far it has come, for the next run to go on from.
    progress TEXT NOT NULL,
    lease BLOB,
    lease_ends_at BIGINT,
    runs BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failures_in_a_row INTEGER NOT NULL,
    last_run_at BIGINT,
    last_error TEXT,
    done_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_due ON jobs (due_at, id) WHERE done_at IS NULL;

-- Digests whose bytes nobody refers to and that are being, or were, removed from the store.
CREATE TABLE evidence_sweeps (
    sha256 TEXT PRIMARY KEY NOT NULL,
    marked_at BIGINT NOT NULL,
    removed_at BIGINT
);

-- Originals that were found missing or altered.
CREATE TABLE evidence_damage (
    sha256 TEXT PRIMARY KEY NOT NULL,
    fault TEXT NOT NULL CHECK (fault IN ('missing', 'altered')),
    found_at BIGINT NOT NULL,
    mended_at BIGINT
);
