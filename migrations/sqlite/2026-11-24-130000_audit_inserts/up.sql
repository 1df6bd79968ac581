-- A trigger on inserting makes SQLite journal every single insert. `REPLACE` deletes what it replaces, and the
-- triggers on deleting see that on connections with `recursive_triggers`, which all of the program's have; what
-- others do to the file shows in the hashes.
DROP TRIGGER audit_entries_once;
DROP TRIGGER audit_anchors_once;
DROP TRIGGER audit_heads_once;
