DELETE FROM evidence WHERE owner_kind <> 'hazard' OR role NOT IN ('before', 'after', 'document');
ALTER INDEX evidence_owner RENAME TO evidence_hazard;
ALTER TABLE evidence DROP CONSTRAINT evidence_role_check;
ALTER TABLE evidence ADD CONSTRAINT evidence_role_check CHECK (role IN ('before', 'after', 'document'));
ALTER TABLE evidence DROP COLUMN part;
ALTER TABLE evidence DROP COLUMN owner_kind;
ALTER TABLE evidence RENAME COLUMN owner_id TO hazard_id;
ALTER TABLE evidence ADD CONSTRAINT evidence_hazard_id_fkey FOREIGN KEY (hazard_id) REFERENCES hazards (id);
