-- The people of a home: who works there, who commands in the first minutes, and how each resident leaves.

CREATE TABLE staff (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    phone TEXT,
    user_id uuid REFERENCES users (id),
    started_on DATE NOT NULL,
    -- The last day of work.
    left_on DATE,
    qualifications TEXT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX staff_institution ON staff (institution_id, id);

-- What a home has arranged of its own, one row a topic: its shifts, who follows whom, who is there at night.
CREATE TABLE home_arrangements (
    institution_id uuid NOT NULL REFERENCES institutions (id),
    topic TEXT NOT NULL CHECK (topic IN ('shifts', 'succession', 'night_staffing')),
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, topic)
);

CREATE TABLE command_assignments (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    -- The shift it was entered for, if it was.
    day DATE,
    shift TEXT,
    person TEXT NOT NULL,
    deputies TEXT NOT NULL,
    phone TEXT NOT NULL,
    trained_on DATE,
    authority TEXT NOT NULL,
    entered_by uuid NOT NULL REFERENCES users (id),
    entered_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    cancel_reason TEXT,
    -- The assignment that took its place.
    replaced_by uuid,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX command_assignments_live ON command_assignments (institution_id, ends_at) WHERE cancelled_at IS NULL;

-- Only ever added to.
CREATE TABLE handovers (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    drill_id uuid,
    real_event BOOLEAN NOT NULL,
    at timestamptz NOT NULL,
    content TEXT NOT NULL,
    entered_by uuid NOT NULL REFERENCES users (id),
    entered_at timestamptz NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX handovers_institution ON handovers (institution_id, at, id);
CREATE INDEX handovers_drill ON handovers (drill_id, at) WHERE drill_id IS NOT NULL;

CREATE TABLE residents (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    label TEXT NOT NULL,
    room TEXT NOT NULL,
    bed TEXT,
    building TEXT NOT NULL,
    floor INTEGER NOT NULL,
    fire_compartment TEXT NOT NULL,
    evac_class TEXT NOT NULL CHECK (evac_class IN ('self', 'guided', 'assisted', 'wheeled', 'carried')),
    -- Flags, device, helpers, route: shown and counted, never searched.
    details TEXT NOT NULL,
    -- Nobody is named who helps at night.
    without_night_helper BOOLEAN NOT NULL,
    reviewed_on DATE NOT NULL,
    left_on DATE,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX residents_present ON residents (institution_id, id) WHERE left_on IS NULL;
