//! Anlao (安老): hazard inspection and emergency drills for elder-care institutions and the offices that
//! supervise them. `ARCHITECTURE.md` is the map; this is the table of contents, the domain first.

// The domain: one folder for each word of the field.
pub mod areas;
pub mod campaigns;
pub mod checklists;
pub mod compliance;
pub mod drills;
pub mod evidence;
pub mod external_orders;
pub mod hazards;
pub mod inspections;
pub mod institutions;
pub mod ledger;
pub mod notices;
pub mod plans;
pub mod residents;
pub mod rosters;
pub mod rules;
pub mod self_checks;
pub mod staff;
pub mod supervision;
pub mod trainings;
pub mod warnings;

// Who may do what, and what was done.
pub mod access;
pub mod audit;
pub mod sessions;
pub mod users;

// Work that nobody waits for.
pub mod jobs;

// All of it in one file, and back again.
pub mod backup;

// The machine: it knows no word of the domain.
pub mod app;
pub mod canonical;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod draining;
pub mod fields;
pub mod health;
pub mod http;
pub mod ids;
pub mod keys;
pub mod metrics;
pub mod office;
pub mod refusal;
pub mod request_id;
pub mod stored;
