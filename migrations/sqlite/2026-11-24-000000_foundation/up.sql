-- Areas (行政区划), accounts, institutions, hazards with their evidence, and the audit chains.
-- Money is in whole yuan; dates are local dates of the office; instants are UTC.

CREATE TABLE areas (
    id BLOB PRIMARY KEY NOT NULL,
    parent_id BLOB REFERENCES areas (id),
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_en TEXT,
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 6),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX areas_parent ON areas (parent_id, code);

CREATE TABLE institutions (
    id BLOB PRIMARY KEY NOT NULL,
    area_id BLOB NOT NULL REFERENCES areas (id),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
    name TEXT NOT NULL,
    credit_code TEXT UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('operating', 'suspended', 'closed')),
    ownership TEXT NOT NULL CHECK (ownership IN ('public', 'private', 'public_built_privately_run')),
    legal_representative TEXT,
    principal TEXT,
    phone TEXT,
    address TEXT,
    filing_number TEXT,
    beds INTEGER NOT NULL,
    residents INTEGER NOT NULL,
    disabled_residents INTEGER NOT NULL,
    meal_supply TEXT NOT NULL CHECK (meal_supply IN ('own_canteen', 'contracted_out', 'ordered_meals')),
    key_fire_unit BOOLEAN NOT NULL,
    risk_grade TEXT CHECK (risk_grade IN ('low', 'medium', 'high')),
    latitude DOUBLE,
    longitude DOUBLE,
    name_key TEXT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX institutions_name ON institutions (name_key, id);
CREATE INDEX institutions_area_1 ON institutions (area_1, name_key, id) WHERE area_1 IS NOT NULL;
CREATE INDEX institutions_area_2 ON institutions (area_2, name_key, id) WHERE area_2 IS NOT NULL;
CREATE INDEX institutions_area_3 ON institutions (area_3, name_key, id) WHERE area_3 IS NOT NULL;
CREATE INDEX institutions_area_4 ON institutions (area_4, name_key, id) WHERE area_4 IS NOT NULL;
CREATE INDEX institutions_area_5 ON institutions (area_5, name_key, id) WHERE area_5 IS NOT NULL;
CREATE INDEX institutions_area_6 ON institutions (area_6, name_key, id) WHERE area_6 IS NOT NULL;

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    phone TEXT,
    role TEXT NOT NULL CHECK (role IN ('inspector', 'manager', 'supervisor', 'auditor', 'admin')),
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('all', 'areas', 'institutions')),
    disabled BOOLEAN NOT NULL,
    password_hash TEXT,
    password_changed_at BIGINT,
    locale TEXT NOT NULL CHECK (locale IN ('zh-CN', 'en')),
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE user_scopes (
    user_id BLOB NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    area_id BLOB REFERENCES areas (id),
    institution_id BLOB REFERENCES institutions (id),
    PRIMARY KEY (user_id, position),
    CHECK ((area_id IS NULL) <> (institution_id IS NULL))
);
CREATE INDEX user_scopes_area ON user_scopes (area_id) WHERE area_id IS NOT NULL;
CREATE INDEX user_scopes_institution ON user_scopes (institution_id) WHERE institution_id IS NOT NULL;

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_because TEXT,
    device TEXT,
    address TEXT,
    generation BIGINT NOT NULL,
    refresh_hash TEXT NOT NULL,
    rotated_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, ended_at, last_used_at);

CREATE TABLE setup_tokens (
    hash TEXT PRIMARY KEY NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE hazards (
    seq INTEGER PRIMARY KEY NOT NULL,
    id BLOB NOT NULL UNIQUE,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
    number TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('electricity', 'fire', 'gas', 'food', 'other')),
    checklist_item TEXT,
    location TEXT NOT NULL,
    location_key TEXT NOT NULL,
    description TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('general', 'major')),
    urgent BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'rectifying', 'awaiting_recheck', 'closed', 'transferred', 'void')),
    self_found BOOLEAN NOT NULL,
    fixed_on_spot BOOLEAN NOT NULL,
    found_at BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    registered_by BLOB NOT NULL REFERENCES users (id),
    deadline DATE NOT NULL,
    original_deadline DATE NOT NULL,
    deadline_basis TEXT NOT NULL,
    recheck_due DATE,
    rework_count INTEGER NOT NULL,
    recurrence_of BLOB,
    listed BOOLEAN NOT NULL,
    severity_key BIGINT NOT NULL,
    submitted_by BLOB REFERENCES users (id),
    closed_at BIGINT,
    closed_by BLOB REFERENCES users (id),
    photo_rule TEXT NOT NULL,
    details TEXT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX hazards_institution_deadline ON hazards (institution_id, status, deadline, id);
CREATE INDEX hazards_institution_found ON hazards (institution_id, status, found_at, id);
CREATE INDEX hazards_institution_severity ON hazards (institution_id, status, severity_key, id);
CREATE INDEX hazards_recurrence ON hazards (institution_id, checklist_item, location_key, found_at, id);
CREATE INDEX hazards_area_1_deadline ON hazards (area_1, status, deadline, id) WHERE area_1 IS NOT NULL;
CREATE INDEX hazards_area_2_deadline ON hazards (area_2, status, deadline, id) WHERE area_2 IS NOT NULL;
CREATE INDEX hazards_area_3_deadline ON hazards (area_3, status, deadline, id) WHERE area_3 IS NOT NULL;
CREATE INDEX hazards_area_4_deadline ON hazards (area_4, status, deadline, id) WHERE area_4 IS NOT NULL;
CREATE INDEX hazards_area_5_deadline ON hazards (area_5, status, deadline, id) WHERE area_5 IS NOT NULL;
CREATE INDEX hazards_area_6_deadline ON hazards (area_6, status, deadline, id) WHERE area_6 IS NOT NULL;
CREATE INDEX hazards_area_1_found ON hazards (area_1, status, found_at, id) WHERE area_1 IS NOT NULL;
CREATE INDEX hazards_area_2_found ON hazards (area_2, status, found_at, id) WHERE area_2 IS NOT NULL;
CREATE INDEX hazards_area_3_found ON hazards (area_3, status, found_at, id) WHERE area_3 IS NOT NULL;
CREATE INDEX hazards_area_4_found ON hazards (area_4, status, found_at, id) WHERE area_4 IS NOT NULL;
CREATE INDEX hazards_area_5_found ON hazards (area_5, status, found_at, id) WHERE area_5 IS NOT NULL;
CREATE INDEX hazards_area_6_found ON hazards (area_6, status, found_at, id) WHERE area_6 IS NOT NULL;
CREATE INDEX hazards_area_1_severity ON hazards (area_1, status, severity_key, id) WHERE area_1 IS NOT NULL;
CREATE INDEX hazards_area_2_severity ON hazards (area_2, status, severity_key, id) WHERE area_2 IS NOT NULL;
CREATE INDEX hazards_area_3_severity ON hazards (area_3, status, severity_key, id) WHERE area_3 IS NOT NULL;
CREATE INDEX hazards_area_4_severity ON hazards (area_4, status, severity_key, id) WHERE area_4 IS NOT NULL;
CREATE INDEX hazards_area_5_severity ON hazards (area_5, status, severity_key, id) WHERE area_5 IS NOT NULL;
CREATE INDEX hazards_area_6_severity ON hazards (area_6, status, severity_key, id) WHERE area_6 IS NOT NULL;

-- Pairs of neighbouring characters of each hazard's text; the rowid is the hazard's seq.
CREATE VIRTUAL TABLE hazard_search USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

CREATE TABLE hazard_counts (
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    area_1 BLOB NOT NULL,
    area_2 BLOB,
    area_3 BLOB,
    area_4 BLOB,
    area_5 BLOB,
    area_6 BLOB,
    status TEXT NOT NULL,
    category TEXT NOT NULL,
    severity TEXT NOT NULL,
    deadline DATE NOT NULL,
    hazards BIGINT NOT NULL,
    PRIMARY KEY (institution_id, status, category, severity, deadline)
) WITHOUT ROWID;
CREATE INDEX hazard_counts_area_1 ON hazard_counts (area_1) WHERE area_1 IS NOT NULL;
CREATE INDEX hazard_counts_area_2 ON hazard_counts (area_2) WHERE area_2 IS NOT NULL;
CREATE INDEX hazard_counts_area_3 ON hazard_counts (area_3) WHERE area_3 IS NOT NULL;
CREATE INDEX hazard_counts_area_4 ON hazard_counts (area_4) WHERE area_4 IS NOT NULL;
CREATE INDEX hazard_counts_area_5 ON hazard_counts (area_5) WHERE area_5 IS NOT NULL;
CREATE INDEX hazard_counts_area_6 ON hazard_counts (area_6) WHERE area_6 IS NOT NULL;

CREATE TABLE hazard_actions (
    id BLOB PRIMARY KEY NOT NULL,
    hazard_id BLOB NOT NULL REFERENCES hazards (id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id BLOB NOT NULL REFERENCES users (id),
    actor_role TEXT NOT NULL,
    at BIGINT NOT NULL,
    status_before TEXT NOT NULL,
    status_after TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (hazard_id, step)
);

CREATE TABLE evidence (
    id BLOB PRIMARY KEY NOT NULL,
    hazard_id BLOB NOT NULL REFERENCES hazards (id),
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    action_id BLOB,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('before', 'after', 'document')),
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    captured_at BIGINT,
    declared_by BLOB NOT NULL REFERENCES users (id),
    declared_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('declared', 'stored', 'waived')),
    stored_at BIGINT,
    stored_by BLOB REFERENCES users (id),
    width INTEGER,
    height INTEGER,
    exif_captured_at TEXT,
    latitude DOUBLE,
    longitude DOUBLE,
    device TEXT,
    preview TEXT NOT NULL CHECK (preview IN ('unknown', 'available', 'none'))
);
CREATE INDEX evidence_hazard ON evidence (hazard_id, position);
CREATE INDEX evidence_sha256 ON evidence (sha256);

CREATE TABLE audit_heads (
    chain BLOB PRIMARY KEY NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL
);

CREATE TABLE audit_entries (
    chain BLOB NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_id BLOB,
    actor_role TEXT,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BLOB,
    result TEXT NOT NULL,
    request_id TEXT NOT NULL,
    address TEXT,
    device TEXT,
    content TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
) WITHOUT ROWID;
CREATE INDEX audit_entries_object ON audit_entries (object_id, chain, seq) WHERE object_id IS NOT NULL;

CREATE TABLE audit_anchors (
    id BLOB PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    chains BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    content TEXT NOT NULL,
    signature TEXT NOT NULL
);

CREATE TABLE database_facts (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- The audit trail is only ever added to, whoever asks.
CREATE TRIGGER audit_entries_keep BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END;
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be deleted'); END;
CREATE TRIGGER audit_anchors_keep BEFORE UPDATE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'anchors cannot be changed'); END;
CREATE TRIGGER audit_anchors_stay BEFORE DELETE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'anchors cannot be deleted'); END;
CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads BEGIN SELECT RAISE(ABORT, 'audit heads cannot be deleted'); END;
-- `INSERT OR REPLACE` deletes without asking the triggers above.
CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries WHEN EXISTS (SELECT 1 FROM audit_entries WHERE chain = NEW.chain AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be replaced'); END;
CREATE TRIGGER audit_anchors_once BEFORE INSERT ON audit_anchors WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'anchors cannot be replaced'); END;
CREATE TRIGGER audit_heads_once BEFORE INSERT ON audit_heads WHEN EXISTS (SELECT 1 FROM audit_heads WHERE chain = NEW.chain)
BEGIN SELECT RAISE(ABORT, 'audit heads cannot be replaced'); END;
