//! Logging in, staying logged in, being shut out.
