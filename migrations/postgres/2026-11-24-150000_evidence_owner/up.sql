-- Evidence of any record, not only of a hazard: `owner_kind` says which table `owner_id` is of. There is no CHECK on
-- the kind: the program's own list of kinds decides, as on SQLite. No row is rewritten.
ALTER TABLE evidence DROP CONSTRAINT evidence_hazard_id_fkey;
ALTER TABLE evidence RENAME COLUMN hazard_id TO owner_id;
ALTER TABLE evidence ADD COLUMN owner_kind TEXT NOT NULL DEFAULT 'hazard';
ALTER TABLE evidence ALTER COLUMN owner_kind DROP DEFAULT;
-- Which part of its owner it shows: an item of the checklist.
ALTER TABLE evidence ADD COLUMN part TEXT;
ALTER TABLE evidence DROP CONSTRAINT evidence_role_check;
ALTER TABLE evidence ADD CONSTRAINT evidence_role_check
    CHECK (role IN ('before', 'after', 'document', 'scene', 'signature'));
ALTER INDEX evidence_hazard RENAME TO evidence_owner;
