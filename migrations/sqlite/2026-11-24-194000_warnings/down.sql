DROP TABLE foresight_measures;
DROP TABLE foresights;
DROP TABLE warning_actions;
DROP TABLE warning_reports;
DROP TABLE warning_targets;
DROP TABLE warnings;
DROP TABLE trainings;
