-- What else decides which duties an institution has.
ALTER TABLE institutions ADD COLUMN fire_high_risk boolean NOT NULL DEFAULT false;
ALTER TABLE institutions ADD COLUMN special_equipment boolean NOT NULL DEFAULT false;
