-- Campaigns (专项行动): who is to be visited, who was left out and why, who visits whom and how that was drawn.
-- Whether an institution was visited is not written here: its inspections say so.

CREATE TABLE campaigns (
    id uuid PRIMARY KEY NOT NULL,
    area_id uuid NOT NULL REFERENCES areas (id),
    area_1 uuid NOT NULL,
    area_2 uuid,
    area_3 uuid,
    area_4 uuid,
    area_5 uuid,
    area_6 uuid,
    name TEXT NOT NULL,
    basis TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    inspection_kind TEXT NOT NULL,
    requires_inspection BOOLEAN NOT NULL,
    requires_drill BOOLEAN NOT NULL,
    -- The checklist it goes by, and which of its items every visit must answer; an empty list means no item in particular.
    checklist TEXT NOT NULL,
    checklist_version INTEGER NOT NULL,
    items TEXT NOT NULL,
    note TEXT,
    state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'closed', 'cancelled')),
    started_at timestamptz,
    ended_at timestamptz,
    draws INTEGER NOT NULL,
    report TEXT,
    created_by uuid NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX campaigns_start ON campaigns (starts_on, id);
CREATE INDEX campaigns_area ON campaigns (area_id);

CREATE TABLE campaign_targets (
    campaign_id uuid NOT NULL REFERENCES campaigns (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    drawn BOOLEAN NOT NULL,
    exempt_reason TEXT,
    exempted_by uuid REFERENCES users (id),
    exempted_at timestamptz,
    PRIMARY KEY (campaign_id, institution_id)
);
CREATE INDEX campaign_targets_institution ON campaign_targets (institution_id);

CREATE TABLE campaign_visitors (
    campaign_id uuid NOT NULL REFERENCES campaigns (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    user_id uuid NOT NULL REFERENCES users (id),
    PRIMARY KEY (campaign_id, institution_id, user_id)
);
CREATE INDEX campaign_visitors_user ON campaign_visitors (user_id, campaign_id);

CREATE TABLE campaign_draws (
    campaign_id uuid NOT NULL REFERENCES campaigns (id),
    number INTEGER NOT NULL,
    at timestamptz NOT NULL,
    drawn_by uuid NOT NULL REFERENCES users (id),
    reason TEXT,
    lots TEXT NOT NULL,
    visits TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (campaign_id, number)
);

CREATE TABLE campaign_actions (
    id uuid PRIMARY KEY NOT NULL,
    campaign_id uuid NOT NULL REFERENCES campaigns (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id uuid NOT NULL REFERENCES users (id),
    at timestamptz NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (campaign_id, step)
);
