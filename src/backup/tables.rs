//! What a backup holds of the database, and what it leaves out and why.

use crate::db::rows::{Columns, Table};
use crate::db::schema;

/// A table in a backup, and the order in which its rows are written: referred rows first.
pub struct Kept {
    pub table: Table,
    pub order: &'static str,
}

macro_rules! kept {
    ($($table:ident by $order:literal,)*) => {
        vec![$(Kept {
            table: Table {
                name: stringify!($table).to_owned(),
                columns: <<schema::$table::table as diesel::Table>::AllColumns as Columns>::columns(),
            },
            order: $order,
        },)*]
    };
}

/// The tables of a backup; what others refer to comes before them.
pub fn kept() -> Vec<Kept> {
    kept![
        areas by "level, id",
        institutions by "id",
        users by "id",
        user_scopes by "user_id, position",
        sessions by "id",
        login_throttles by "key",
        login_devices by "hash",
        second_factors by "user_id",
        recovery_codes by "hash",
        inspections by "id",
        inspection_people by "inspection_id, user_id",
        drills by "id",
        drill_steps by "id",
        drill_observers by "id",
        drill_syncs by "drill_id, observer_id, digest",
        drill_taps by "id",
        hazards by "seq",
        hazard_counts by "institution_id, status, category, severity, deadline",
        hazard_actions by "id",
        drill_problems by "drill_id, position",
        inspection_answers by "inspection_id, item",
        inspection_amendments by "inspection_id, step",
        external_orders by "id",
        self_checks by "id",
        evidence by "id",
        trainings by "recorded_at, id",
        warnings by "id",
        warning_targets by "warning_id, institution_id",
        warning_reports by "id",
        warning_actions by "warning_id, step",
        foresights by "id",
        foresight_measures by "foresight_id, position",
        campaigns by "id",
        campaign_targets by "campaign_id, institution_id",
        campaign_visitors by "campaign_id, institution_id, user_id",
        campaign_draws by "campaign_id, number",
        campaign_actions by "campaign_id, step",
        evidence_damage by "sha256",
        notice_numbers by "area_id, kind, year",
        notices by "id",
        notice_hazards by "notice_id, position",
        notice_steps by "id",
        staff by "id",
        home_arrangements by "institution_id, topic",
        command_assignments by "id",
        handovers by "id",
        residents by "id",
        plans by "institution_id, edition",
        plan_steps by "plan_id, step",
        imports by "id",
        import_errors by "import_id, position",
        audit_heads by "chain",
        audit_entries by "chain, seq",
        audit_anchors by "at, id",
        rule_documents by "id, version",
        rule_adoptions by "id",
        database_facts by "name",
        database_epochs by "number",
    ]
}

/// Tables that a backup leaves out, each with the reason.
pub const LEFT_OUT: [(&str, &str); 6] = [
    ("evidence_sweeps", "marks between an upload and the sweep of this very store"),
    ("exports", "files for a day, which can be asked for again; that they were made is in the trail"),
    ("jobs", "the servers put their jobs on the table when they start; leases are theirs alone"),
    ("hazard_search", "an index of the hazards' words: restoring makes it anew"),
    ("password_tokens", "one-time tokens of an hour; an administrator makes new ones"),
    ("setup_tokens", "one-time tokens of a day; a new one is shown when it is needed"),
];
