-- Evidence of any record, not only of a hazard: `owner_kind` says which table `owner_id` is of. There is no CHECK on
-- the kind, since widening one means copying this table; the program's own list of kinds decides.
-- SQLite cannot change a column's constraints, so the table is made anew. Nothing refers to it.
CREATE TABLE evidence_anew (
    id BLOB PRIMARY KEY NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id BLOB NOT NULL,
    -- Which part of its owner it shows: an item of the checklist.
    part TEXT,
    institution_id BLOB NOT NULL REFERENCES institutions (id),
    action_id BLOB,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('before', 'after', 'document', 'scene', 'signature')),
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
INSERT INTO evidence_anew (id, owner_kind, owner_id, institution_id, action_id, position, role, sha256, media_type, size,
    captured_at, declared_by, declared_at, state, stored_at, stored_by, width, height, exif_captured_at, latitude,
    longitude, device, preview)
SELECT id, 'hazard', hazard_id, institution_id, action_id, position, role, sha256, media_type, size,
    captured_at, declared_by, declared_at, state, stored_at, stored_by, width, height, exif_captured_at, latitude,
    longitude, device, preview
FROM evidence;
DROP TABLE evidence;
ALTER TABLE evidence_anew RENAME TO evidence;
CREATE INDEX evidence_owner ON evidence (owner_id, position);
CREATE INDEX evidence_sha256 ON evidence (sha256);
