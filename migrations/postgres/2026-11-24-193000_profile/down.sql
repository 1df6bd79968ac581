ALTER TABLE institutions DROP COLUMN special_equipment;
ALTER TABLE institutions DROP COLUMN fire_high_risk;
