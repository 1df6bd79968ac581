DROP TABLE rule_adoptions;
DROP TABLE rule_documents;
