ALTER TABLE users ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN second_factor_at timestamptz;

-- When the second factor was last shown in this login.
ALTER TABLE sessions ADD COLUMN proved_at timestamptz;

-- Guesses at a name, from an address, from a known device: by a keyed digest, so that it tells no names.
CREATE TABLE login_throttles (
    key TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('name', 'address', 'device', 'own')),
    guesses BIGINT NOT NULL,
    window_guesses BIGINT NOT NULL,
    window_started_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    unlocks_at timestamptz
);
CREATE INDEX login_throttles_last ON login_throttles (last_at);

-- Devices on which somebody has logged in before; strangers' guesses do not lock them out.
CREATE TABLE login_devices (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL
);
CREATE INDEX login_devices_user ON login_devices (user_id, last_used_at);

-- One-time tokens with which people set their own password.
CREATE TABLE password_tokens (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('invite', 'reset')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_tokens_user ON password_tokens (user_id);
CREATE INDEX password_tokens_expiry ON password_tokens (expires_at);

-- The secret itself is derived from the office's keys and the salt; it is not kept here.
CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY NOT NULL REFERENCES users (id),
    salt TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz
);

CREATE TABLE recovery_codes (
    hash TEXT PRIMARY KEY NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    used_at timestamptz
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
