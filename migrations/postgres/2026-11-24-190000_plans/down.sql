DROP TABLE plan_steps;
DROP TABLE plans;
DROP FUNCTION refuse_plan_change();
