-- Inspections (检查), what other authorities ordered (外部指令), and what institutions check themselves (自查).

CREATE TABLE inspections (
    id BLOB PRIMARY KEY NOT NULL,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
    kind TEXT NOT NULL CHECK (kind IN ('daily', 'special', 'case', 'joint', 'look_back', 'unannounced', 'double_random')),
    campaign_id BLOB,
    state TEXT NOT NULL CHECK (state IN ('planned', 'handed_in', 'cancelled')),
    -- What lists go by: the last day of the plan, then the day of the visit.
    on_day DATE NOT NULL,
    -- The plan, the record and the cancelling are shown and never searched.
    plan TEXT,
    plan_digest TEXT,
    record TEXT,
    record_digest TEXT,
    cancelled TEXT,
    checklist TEXT,
    checklist_version INTEGER,
    passed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    not_checked INTEGER NOT NULL,
    handed_in_at BIGINT,
    handed_in_by BLOB REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX inspections_institution ON inspections (institution_id, state, on_day, id);
CREATE INDEX inspections_campaign ON inspections (campaign_id, state, on_day, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX inspections_area_1 ON inspections (area_1, state, on_day, id) WHERE area_1 IS NOT NULL;
CREATE INDEX inspections_area_2 ON inspections (area_2, state, on_day, id) WHERE area_2 IS NOT NULL;
CREATE INDEX inspections_area_3 ON inspections (area_3, state, on_day, id) WHERE area_3 IS NOT NULL;
CREATE INDEX inspections_area_4 ON inspections (area_4, state, on_day, id) WHERE area_4 IS NOT NULL;
CREATE INDEX inspections_area_5 ON inspections (area_5, state, on_day, id) WHERE area_5 IS NOT NULL;
CREATE INDEX inspections_area_6 ON inspections (area_6, state, on_day, id) WHERE area_6 IS NOT NULL;

-- Who is to go, and once it is handed in, who was there. State and day are the inspection's own, kept here for the
-- list of what is one's own.
CREATE TABLE inspection_people (
    inspection_id BLOB NOT NULL REFERENCES inspections (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    on_day DATE NOT NULL,
    PRIMARY KEY (inspection_id, user_id)
) WITHOUT ROWID;
CREATE INDEX inspection_people_user ON inspection_people (user_id, state, on_day, inspection_id);

CREATE TABLE inspection_answers (
    inspection_id BLOB NOT NULL REFERENCES inspections (id),
    position INTEGER NOT NULL,
    item TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'not_applicable', 'not_checked')),
    remark TEXT,
    hazard_id BLOB REFERENCES hazards (id),
    PRIMARY KEY (inspection_id, item)
) WITHOUT ROWID;

-- What was said of a record after it was handed in. The record itself stays as it is.
CREATE TABLE inspection_amendments (
    id BLOB PRIMARY KEY NOT NULL,
    inspection_id BLOB NOT NULL REFERENCES inspections (id),
    step INTEGER NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    actor_id BLOB NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (inspection_id, step)
);

-- Where a hazard was found, if on an inspection.
ALTER TABLE hazards ADD COLUMN inspection_id BLOB;
CREATE INDEX hazards_inspection ON hazards (inspection_id) WHERE inspection_id IS NOT NULL;

CREATE TABLE external_orders (
    id BLOB PRIMARY KEY NOT NULL,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    kind TEXT NOT NULL CHECK (kind IN ('stop_use', 'business_suspension', 'fire_service', 'market', 'other')),
    issuer TEXT NOT NULL,
    number TEXT,
    issued_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    text TEXT NOT NULL,
    recorded_by BLOB NOT NULL REFERENCES users (id),
    recorded_at BIGINT NOT NULL,
    lifted_on DATE,
    lift_reason TEXT,
    lifted_by BLOB REFERENCES users (id),
    lifted_at BIGINT,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX external_orders_institution ON external_orders (institution_id, issued_on, id);

CREATE TABLE self_checks (
    id BLOB PRIMARY KEY NOT NULL,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    kind TEXT NOT NULL CHECK (kind IN ('fire_patrol', 'night_patrol', 'monthly_check')),
    performed_at BIGINT NOT NULL,
    -- The local day it counts for; of a night patrol the day on whose evening the night begins, null outside nights.
    counts_for DATE,
    performed_by TEXT NOT NULL,
    content TEXT NOT NULL,
    -- Of what was found, without when: what is the same again shows by it.
    content_digest TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    received_from BLOB NOT NULL REFERENCES users (id),
    identical_to BLOB,
    back_dated BOOLEAN NOT NULL,
    ahead_of_time BOOLEAN NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX self_checks_institution ON self_checks (institution_id, performed_at, id);
CREATE INDEX self_checks_counted ON self_checks (institution_id, kind, counts_for) WHERE counts_for IS NOT NULL;
CREATE INDEX self_checks_content ON self_checks (institution_id, content_digest, performed_at, id);
