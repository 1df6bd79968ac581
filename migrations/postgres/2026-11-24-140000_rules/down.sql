DROP TRIGGER rule_documents_keep ON rule_documents;
DROP TABLE rule_adoptions;
DROP TABLE rule_documents;
DROP FUNCTION refuse_rule_change();
