-- Plans for fire-fighting and evacuation (灭火和应急疏散预案), one row an edition. What is shown and never searched is JSON.

CREATE TABLE plans (
    id BLOB PRIMARY KEY NOT NULL,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    -- 1, 2, … of its institution.
    edition INTEGER NOT NULL,
    -- The edition it was copied from or written after.
    based_on BLOB REFERENCES plans (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'in_force', 'superseded', 'discarded')),
    kind TEXT NOT NULL CHECK (kind IN ('general', 'partial', 'on_site')),
    level INTEGER,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    approval TEXT,
    in_force_on DATE,
    -- What it was compared with when it came into force or was reviewed.
    snapshot TEXT,
    review TEXT,
    filing TEXT,
    publication TEXT,
    superseded_on DATE,
    superseded_by BLOB,
    discarded_because TEXT,
    created_by BLOB NOT NULL REFERENCES users (id),
    -- Who wrote its content last.
    written_by BLOB NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (institution_id, edition)
);
-- A home goes by one plan at a time.
CREATE UNIQUE INDEX plans_in_force ON plans (institution_id) WHERE state = 'in_force';

CREATE TABLE plan_steps (
    id BLOB PRIMARY KEY NOT NULL,
    plan_id BLOB NOT NULL REFERENCES plans (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id BLOB NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (plan_id, step)
);

-- What was approved stays as it was approved.
CREATE TRIGGER plans_keep BEFORE UPDATE OF id, institution_id, edition, kind, level, title, content, content_digest ON plans
WHEN OLD.state <> 'draft'
BEGIN SELECT RAISE(ABORT, 'what a plan says cannot be changed any more'); END;
CREATE TRIGGER plans_stay BEFORE DELETE ON plans BEGIN SELECT RAISE(ABORT, 'plans cannot be deleted'); END;
