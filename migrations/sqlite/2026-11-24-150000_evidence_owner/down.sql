CREATE TABLE evidence_anew (
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
INSERT INTO evidence_anew (id, hazard_id, institution_id, action_id, position, role, sha256, media_type, size,
    captured_at, declared_by, declared_at, state, stored_at, stored_by, width, height, exif_captured_at, latitude,
    longitude, device, preview)
SELECT id, owner_id, institution_id, action_id, position, role, sha256, media_type, size,
    captured_at, declared_by, declared_at, state, stored_at, stored_by, width, height, exif_captured_at, latitude,
    longitude, device, preview
FROM evidence WHERE owner_kind = 'hazard' AND role IN ('before', 'after', 'document');
DROP TABLE evidence;
ALTER TABLE evidence_anew RENAME TO evidence;
CREATE INDEX evidence_hazard ON evidence (hazard_id, position);
CREATE INDEX evidence_sha256 ON evidence (sha256);
