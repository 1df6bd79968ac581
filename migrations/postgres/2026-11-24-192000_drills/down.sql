DROP INDEX hazards_drill;
ALTER TABLE hazards DROP COLUMN drill_id;
DROP TABLE drill_problems;
DROP TABLE drill_steps;
DROP TABLE drills;
