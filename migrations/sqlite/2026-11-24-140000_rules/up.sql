-- Rule documents that were loaded beside those that come with the program. A version never changes.
CREATE TABLE rule_documents (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('national', 'provincial', 'office')),
    owner_area_id BLOB REFERENCES areas (id),
    effective_from DATE NOT NULL,
    effective_to DATE,
    verified BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    loaded_by BLOB NOT NULL,
    loaded_at BIGINT NOT NULL,
    retired_by BLOB,
    retired_at BIGINT,
    retired_because TEXT,
    PRIMARY KEY (id, version)
);
CREATE INDEX rule_documents_owner ON rule_documents (owner_area_id);

-- What an area, or the whole database, goes by from a day on. Documents that come with the program can be adopted too.
CREATE TABLE rule_adoptions (
    id BLOB PRIMARY KEY NOT NULL,
    area_id BLOB REFERENCES areas (id),
    kind TEXT NOT NULL,
    document_id TEXT NOT NULL,
    document_version INTEGER NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    reason TEXT,
    adopted_by BLOB NOT NULL,
    adopted_at BIGINT NOT NULL,
    digest TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX rule_adoptions_area ON rule_adoptions (area_id);
CREATE INDEX rule_adoptions_document ON rule_adoptions (document_id, document_version);

CREATE TRIGGER rule_documents_keep BEFORE UPDATE OF id, version, kind, level, content, sha256 ON rule_documents
BEGIN SELECT RAISE(ABORT, 'a version of a rule document cannot be changed'); END;
