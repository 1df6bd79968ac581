-- Phones that observe a drill, what they tapped, and their exchanges with the server by which their clocks are placed.

CREATE TABLE drill_observers (
    id uuid PRIMARY KEY NOT NULL,
    drill_id uuid NOT NULL REFERENCES drills (id),
    name TEXT NOT NULL,
    post TEXT,
    digest TEXT NOT NULL,
    joined_at timestamptz NOT NULL,
    joined_by uuid NOT NULL REFERENCES users (id)
);
CREATE INDEX drill_observers_drill ON drill_observers (drill_id, id);

CREATE TABLE drill_syncs (
    drill_id uuid NOT NULL REFERENCES drills (id),
    observer_id uuid NOT NULL REFERENCES drill_observers (id),
    digest TEXT NOT NULL,
    content TEXT NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (drill_id, observer_id, digest)
);

CREATE TABLE drill_taps (
    id uuid PRIMARY KEY NOT NULL,
    drill_id uuid NOT NULL REFERENCES drills (id),
    observer_id uuid NOT NULL REFERENCES drill_observers (id),
    digest TEXT NOT NULL,
    content TEXT NOT NULL,
    received_at timestamptz NOT NULL,
    sent_by uuid NOT NULL REFERENCES users (id)
);
CREATE INDEX drill_taps_drill ON drill_taps (drill_id, id);
