DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE password_tokens;
DROP TABLE login_devices;
DROP TABLE login_throttles;
ALTER TABLE sessions DROP COLUMN proved_at;
ALTER TABLE users DROP COLUMN second_factor_at;
ALTER TABLE users DROP COLUMN must_change_password;
