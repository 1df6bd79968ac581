-- Campaigns (专项行动): who is to be visited, who was left out and why, who visits whom and how that was drawn.
-- Whether an institution was visited is not written here: its inspections say so.

CREATE TABLE campaigns (
    id BLOB PRIMARY KEY NOT NULL,
    area_id BLOB NOT NULL REFERENCES areas (id),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
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
    started_at BIGINT,
    ended_at BIGINT,
    draws INTEGER NOT NULL,
    report TEXT,
    created_by BLOB NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX campaigns_start ON campaigns (starts_on, id);
CREATE INDEX campaigns_area ON campaigns (area_id);

CREATE TABLE campaign_targets (
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    drawn BOOLEAN NOT NULL,
    exempt_reason TEXT,
    exempted_by BLOB REFERENCES users (id),
    exempted_at BIGINT,
    PRIMARY KEY (campaign_id, institution_id)
) WITHOUT ROWID;
CREATE INDEX campaign_targets_institution ON campaign_targets (institution_id);

CREATE TABLE campaign_visitors (
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    PRIMARY KEY (campaign_id, institution_id, user_id)
) WITHOUT ROWID;
CREATE INDEX campaign_visitors_user ON campaign_visitors (user_id, campaign_id);

CREATE TABLE campaign_draws (
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    drawn_by BLOB NOT NULL REFERENCES users (id),
    reason TEXT,
    lots TEXT NOT NULL,
    visits TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (campaign_id, number)
) WITHOUT ROWID;

CREATE TABLE campaign_actions (
    id BLOB PRIMARY KEY NOT NULL,
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id BLOB NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (campaign_id, step)
);
