-- Notices to institutions and their companion papers: what was printed, under which number, and what became of it.

-- The last number that an office gave to a kind of paper in a year.
CREATE TABLE notice_numbers (
    area_id uuid NOT NULL REFERENCES areas (id),
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (area_id, kind, year)
);

CREATE TABLE notices (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    -- Where the institution lies.
    area_1 uuid NOT NULL,
    area_2 uuid,
    area_3 uuid,
    area_4 uuid,
    area_5 uuid,
    area_6 uuid,
    -- The office that issued it, by its area.
    office_area_id uuid NOT NULL REFERENCES areas (id),
    office_level INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('rectification_notice', 'inspection_record', 'recheck_opinion', 'transfer_letter', 'supervision_letter', 'interview_notice')),
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    number_text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'served', 'acknowledged', 'answered', 'void')),
    -- What was printed, as canonical JSON, and its SHA-256. Never changed.
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by uuid NOT NULL REFERENCES users (id),
    served_at timestamptz,
    acknowledged_at timestamptz,
    answered_at timestamptz,
    voided_at timestamptz,
    form_digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (office_area_id, kind, year, number)
);
CREATE INDEX notices_institution ON notices (institution_id, issued_at, id);
CREATE INDEX notices_area_1 ON notices (area_1, issued_at, id);
CREATE INDEX notices_area_2 ON notices (area_2, issued_at, id) WHERE area_2 IS NOT NULL;
CREATE INDEX notices_area_3 ON notices (area_3, issued_at, id) WHERE area_3 IS NOT NULL;
CREATE INDEX notices_area_4 ON notices (area_4, issued_at, id) WHERE area_4 IS NOT NULL;
CREATE INDEX notices_area_5 ON notices (area_5, issued_at, id) WHERE area_5 IS NOT NULL;
CREATE INDEX notices_area_6 ON notices (area_6, issued_at, id) WHERE area_6 IS NOT NULL;

CREATE TABLE notice_hazards (
    notice_id uuid NOT NULL REFERENCES notices (id),
    position INTEGER NOT NULL,
    hazard_id uuid NOT NULL REFERENCES hazards (id),
    PRIMARY KEY (notice_id, position)
);
CREATE UNIQUE INDEX notice_hazards_hazard ON notice_hazards (hazard_id, notice_id);

-- Served, acknowledged, answered, declared void.
CREATE TABLE notice_steps (
    id uuid PRIMARY KEY NOT NULL,
    notice_id uuid NOT NULL REFERENCES notices (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id uuid NOT NULL REFERENCES users (id),
    actor_role TEXT NOT NULL,
    at timestamptz NOT NULL,
    state_after TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (notice_id, step)
);

-- What was printed stays as it was printed.
CREATE FUNCTION refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a notice says cannot be changed';
END $$;
CREATE TRIGGER notices_keep BEFORE UPDATE OF id, institution_id, office_area_id, kind, year, number, number_text, content, digest, issued_at, issued_by ON notices
FOR EACH ROW EXECUTE FUNCTION refuse_notice_change();
CREATE TRIGGER notices_stay BEFORE DELETE ON notices FOR EACH ROW EXECUTE FUNCTION refuse_notice_change();
