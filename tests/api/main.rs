//! The API as its users meet it: the real router over real HTTP, the same suite on SQLite and on a real
//! PostgreSQL that the tests start themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests: anything unexpected is a failure"
)]

mod access_matrix;
mod accounts;
mod audit_tampering;
mod audit_trail;
mod backup;
mod backup_damage;
mod backup_under_load;
mod campaigns;
mod command_line;
mod compliance;
mod corpora;
mod demonstration;
mod drill_stopwatch;
mod drill_taps;
mod drills;
mod evidence;
mod evidence_copies;
mod evidence_hostile;
mod evidence_in_browser;
mod evidence_limits;
mod external_orders;
mod hang_ups;
mod hazard_lists;
mod hazard_steps;
mod idempotency;
mod inspections;
mod jobs;
mod ledger;
mod ledger_shell;
mod lifecycle_model;
mod limits;
mod login_addresses;
mod login_keys;
mod login_passwords;
mod login_second_factor;
mod login_throttling;
mod login_tokens;
mod logins;
mod loop_closes;
mod migrations;
mod nights;
mod notice_papers;
mod notices;
mod observability;
mod openapi;
mod overload;
mod overview;
mod places;
mod plans;
mod problems;
mod protocol;
mod readme_tour;
mod ready_at_night;
mod releases;
mod residents;
mod rosters;
mod rule_documents;
mod rules;
mod rules_calendar;
mod secrets;
mod self_checks;
mod shutdown;
mod slow_clients;
mod support;
mod trainings;
mod warnings;
