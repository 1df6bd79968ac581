DROP TABLE self_checks;
DROP TABLE external_orders;
DROP INDEX hazards_inspection;
ALTER TABLE hazards DROP COLUMN inspection_id;
DROP TABLE inspection_amendments;
DROP TABLE inspection_answers;
DROP TABLE inspection_people;
DROP TABLE inspections;
