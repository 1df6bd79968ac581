ALTER TABLE users ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN second_factor_at BIGINT;

-- When the second factor was last shown in this login.
ALTER TABLE sessions ADD COLUMN proved_at BIGINT;

-- Guesses at a name, from an address, from a known device: by a keyed digest, so that it tells no names.
CREATE TABLE login_throttles (
    key TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('name', 'address', 'device', 'own')),
    guesses BIGINT NOT NULL,
    window_guesses BIGINT NOT NULL,
    window_started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    unlocks_at BIGINT
);
CREATE INDEX login_throttles_last ON login_throttles (last_at);

-- Devices on which somebody has logged in before; strangers' guesses do not lock them out.
CREATE TABLE login_devices (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX login_devices_user ON login_devices (user_id, last_used_at);

-- One-time tokens with which people set their own password.
CREATE TABLE password_tokens (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('invite', 'reset')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX password_tokens_user ON password_tokens (user_id);
CREATE INDEX password_tokens_expiry ON password_tokens (expires_at);

-- The secret itself is derived from the office's keys and the salt; it is not kept here.
CREATE TABLE second_factors (
    user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id),
    salt TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT
);

CREATE TABLE recovery_codes (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    used_at BIGINT
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
