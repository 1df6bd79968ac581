-- Trainings that were held; warnings, whom they went to, and what came back; the monthly judgement of risks.

CREATE TABLE trainings (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    topic TEXT NOT NULL,
    started_at timestamptz NOT NULL,
    -- The local day.
    held_on DATE NOT NULL,
    for_staff BOOLEAN NOT NULL,
    for_residents BOOLEAN NOT NULL,
    for_families BOOLEAN NOT NULL,
    attended INTEGER NOT NULL,
    content TEXT NOT NULL,
    -- The record that it corrects: each is corrected once at most.
    replaces uuid UNIQUE REFERENCES trainings (id),
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL
);
CREATE INDEX trainings_institution ON trainings (institution_id, held_on, id);

CREATE TABLE warnings (
    id uuid PRIMARY KEY NOT NULL,
    area_id uuid NOT NULL REFERENCES areas (id),
    area_1 uuid NOT NULL,
    area_2 uuid,
    area_3 uuid,
    area_4 uuid,
    area_5 uuid,
    area_6 uuid,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')),
    text TEXT NOT NULL,
    issued_at timestamptz NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    report_every_minutes INTEGER,
    -- Of the rule document in force there when it was relayed.
    acknowledge_within_minutes INTEGER NOT NULL,
    relayed_at timestamptz NOT NULL,
    relayed_by uuid NOT NULL REFERENCES users (id),
    -- All-clear or cancelled; null while it holds.
    ended_how TEXT CHECK (ended_how IN ('all_clear', 'cancelled')),
    ended_at timestamptz,
    end_reason TEXT,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX warnings_relayed ON warnings (relayed_at, id);
CREATE INDEX warnings_area ON warnings (area_id);

-- Whom it went to, fixed at that moment; and that they have seen it.
CREATE TABLE warning_targets (
    warning_id uuid NOT NULL REFERENCES warnings (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    relayed_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by uuid REFERENCES users (id),
    acknowledgement TEXT,
    digest TEXT,
    PRIMARY KEY (warning_id, institution_id)
);
CREATE INDEX warning_targets_institution ON warning_targets (institution_id, relayed_at, warning_id);

CREATE TABLE warning_reports (
    id uuid PRIMARY KEY NOT NULL,
    warning_id uuid NOT NULL REFERENCES warnings (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    reported_at timestamptz NOT NULL,
    reported_by uuid NOT NULL REFERENCES users (id),
    content TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX warning_reports_warning ON warning_reports (warning_id, institution_id, reported_at, id);
CREATE INDEX warning_reports_institution ON warning_reports (institution_id);

CREATE TABLE warning_actions (
    id uuid PRIMARY KEY NOT NULL,
    warning_id uuid NOT NULL REFERENCES warnings (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id uuid NOT NULL REFERENCES users (id),
    at timestamptz NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (warning_id, step)
);

CREATE TABLE foresights (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    -- Its first day.
    month DATE NOT NULL,
    content TEXT NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL
);
CREATE INDEX foresights_institution ON foresights (institution_id, month, id);

CREATE TABLE foresight_measures (
    foresight_id uuid NOT NULL REFERENCES foresights (id),
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    due_on DATE,
    done_on DATE,
    done_note TEXT,
    done_by uuid REFERENCES users (id),
    PRIMARY KEY (foresight_id, position)
);
