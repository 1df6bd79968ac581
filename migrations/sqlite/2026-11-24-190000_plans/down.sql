DROP TABLE plan_steps;
DROP TABLE plans;
