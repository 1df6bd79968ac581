DROP TABLE evidence_damage;
DROP TABLE evidence_sweeps;
DROP TABLE jobs;
