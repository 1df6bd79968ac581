-- PostgreSQL has no REPLACE: its triggers stay as they are.
SELECT 1;
