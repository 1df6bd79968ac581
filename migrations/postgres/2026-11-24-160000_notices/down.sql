DROP TABLE notice_steps;
DROP TABLE notice_hazards;
DROP TABLE notices;
DROP TABLE notice_numbers;
DROP FUNCTION refuse_notice_change();
