-- Plans for fire-fighting and evacuation (灭火和应急疏散预案), one row an edition. What is shown and never searched is JSON.

CREATE TABLE plans (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    -- 1, 2, … of its institution.
    edition INTEGER NOT NULL,
    -- The edition it was copied from or written after.
    based_on uuid REFERENCES plans (id),
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
    superseded_by uuid,
    discarded_because TEXT,
    created_by uuid NOT NULL REFERENCES users (id),
    -- Who wrote its content last.
    written_by uuid NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (institution_id, edition)
);
-- A home goes by one plan at a time.
CREATE UNIQUE INDEX plans_in_force ON plans (institution_id) WHERE state = 'in_force';

CREATE TABLE plan_steps (
    id uuid PRIMARY KEY NOT NULL,
    plan_id uuid NOT NULL REFERENCES plans (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id uuid NOT NULL REFERENCES users (id),
    at timestamptz NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (plan_id, step)
);

-- What was approved stays as it was approved.
CREATE FUNCTION refuse_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a plan says cannot be changed any more';
END $$;
CREATE TRIGGER plans_keep BEFORE UPDATE OF id, institution_id, edition, kind, level, title, content, content_digest ON plans
FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION refuse_plan_change();
CREATE TRIGGER plans_stay BEFORE DELETE ON plans FOR EACH ROW EXECUTE FUNCTION refuse_plan_change();
