-- What else decides which duties an institution has.
ALTER TABLE institutions ADD COLUMN fire_high_risk BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE institutions ADD COLUMN special_equipment BOOLEAN NOT NULL DEFAULT FALSE;
