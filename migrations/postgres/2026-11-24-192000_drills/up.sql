-- Drills (演练), and real events recorded the same way: planned or not, started, recorded once as a whole, evaluated.

CREATE TABLE drills (
    id uuid PRIMARY KEY NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    area_1 uuid NOT NULL,
    area_2 uuid,
    area_3 uuid,
    area_4 uuid,
    area_5 uuid,
    area_6 uuid,
    kind TEXT NOT NULL CHECK (kind IN ('tabletop', 'functional', 'full', 'unannounced', 'call_out', 'joint')),
    -- As planned; of what was held, the shift that was at work when the alarm was given.
    shift TEXT NOT NULL CHECK (shift IN ('day', 'evening', 'night')),
    state TEXT NOT NULL CHECK (state IN ('planned', 'started', 'recorded', 'evaluated', 'cancelled')),
    real_event BOOLEAN NOT NULL,
    -- Planned by the office, and the home must not know before it starts.
    hidden BOOLEAN NOT NULL,
    -- What lists go by: the last day of the window, then the day of the alarm.
    on_day DATE NOT NULL,
    building TEXT,
    scenario TEXT,
    -- The plan (预案) it goes by.
    plan_id uuid,
    plan_edition INTEGER,
    -- What is shown and never searched.
    plan TEXT,
    plan_digest TEXT,
    planned_by uuid REFERENCES users (id),
    started_at timestamptz,
    started_by uuid REFERENCES users (id),
    alarm_at timestamptz,
    record TEXT,
    record_digest TEXT,
    recorded_at timestamptz,
    recorded_by uuid REFERENCES users (id),
    evaluation TEXT,
    evaluation_digest TEXT,
    evaluated_at timestamptz,
    evaluated_by uuid REFERENCES users (id),
    reported_on DATE,
    reported_to TEXT,
    cancelled TEXT,
    version BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX drills_institution ON drills (institution_id, state, on_day, id);
CREATE INDEX drills_area_1 ON drills (area_1, state, on_day, id) WHERE area_1 IS NOT NULL;
CREATE INDEX drills_area_2 ON drills (area_2, state, on_day, id) WHERE area_2 IS NOT NULL;
CREATE INDEX drills_area_3 ON drills (area_3, state, on_day, id) WHERE area_3 IS NOT NULL;
CREATE INDEX drills_area_4 ON drills (area_4, state, on_day, id) WHERE area_4 IS NOT NULL;
CREATE INDEX drills_area_5 ON drills (area_5, state, on_day, id) WHERE area_5 IS NOT NULL;
CREATE INDEX drills_area_6 ON drills (area_6, state, on_day, id) WHERE area_6 IS NOT NULL;

CREATE TABLE drill_steps (
    id uuid PRIMARY KEY NOT NULL,
    drill_id uuid NOT NULL REFERENCES drills (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('start', 'postpone', 'cancel', 'report')),
    actor_id uuid NOT NULL REFERENCES users (id),
    at timestamptz NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (drill_id, step)
);

-- What did not go well, and what becomes of it: a hazard to put right, a change of the plan, or both.
CREATE TABLE drill_problems (
    drill_id uuid NOT NULL REFERENCES drills (id),
    position INTEGER NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions (id),
    -- The local day of the drill.
    on_day DATE NOT NULL,
    found_in TEXT NOT NULL CHECK (found_in IN ('record', 'evaluation')),
    text TEXT NOT NULL,
    hazard_id uuid REFERENCES hazards (id),
    -- What of the plan must change; null where it need not.
    revision TEXT,
    PRIMARY KEY (drill_id, position),
    CHECK (hazard_id IS NOT NULL OR revision IS NOT NULL)
);
CREATE INDEX drill_problems_revision ON drill_problems (institution_id, on_day, drill_id, position) WHERE revision IS NOT NULL;

-- Where a hazard was found, if in a drill.
ALTER TABLE hazards ADD COLUMN drill_id uuid;
CREATE INDEX hazards_drill ON hazards (drill_id) WHERE drill_id IS NOT NULL;
