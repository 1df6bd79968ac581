CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries WHEN EXISTS (SELECT 1 FROM audit_entries WHERE chain = NEW.chain AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be replaced'); END;
CREATE TRIGGER audit_anchors_once BEFORE INSERT ON audit_anchors WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'anchors cannot be replaced'); END;
CREATE TRIGGER audit_heads_once BEFORE INSERT ON audit_heads WHEN EXISTS (SELECT 1 FROM audit_heads WHERE chain = NEW.chain)
BEGIN SELECT RAISE(ABORT, 'audit heads cannot be replaced'); END;
