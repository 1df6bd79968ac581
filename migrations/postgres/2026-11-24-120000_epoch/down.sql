DROP TABLE database_epochs;
