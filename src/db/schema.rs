//! The tables as the queries see them; a test compares this with both databases.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    areas (id) {
        id -> UuidSql,
        parent_id -> Nullable<UuidSql>,
        code -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        level -> Integer,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    institutions (id) {
        id -> UuidSql,
        area_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        name -> Text,
        credit_code -> Nullable<Text>,
        status -> Text,
        ownership -> Text,
        legal_representative -> Nullable<Text>,
        principal -> Nullable<Text>,
        phone -> Nullable<Text>,
        address -> Nullable<Text>,
        filing_number -> Nullable<Text>,
        beds -> Integer,
        residents -> Integer,
        disabled_residents -> Integer,
        meal_supply -> Text,
        key_fire_unit -> Bool,
        risk_grade -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        name_key -> Text,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    users (id) {
        id -> UuidSql,
        username -> Text,
        display_name -> Text,
        phone -> Nullable<Text>,
        role -> Text,
        scope_kind -> Text,
        disabled -> Bool,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<InstantSql>,
        locale -> Text,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        must_change_password -> Bool,
        second_factor_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    user_scopes (user_id, position) {
        user_id -> UuidSql,
        position -> Integer,
        area_id -> Nullable<UuidSql>,
        institution_id -> Nullable<UuidSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    sessions (id) {
        id -> UuidSql,
        user_id -> UuidSql,
        created_at -> InstantSql,
        last_used_at -> InstantSql,
        expires_at -> InstantSql,
        ended_at -> Nullable<InstantSql>,
        ended_because -> Nullable<Text>,
        device -> Nullable<Text>,
        address -> Nullable<Text>,
        generation -> BigInt,
        refresh_hash -> Text,
        rotated_at -> InstantSql,
        proved_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::InstantSql;

    login_throttles (key) {
        key -> Text,
        kind -> Text,
        guesses -> BigInt,
        window_guesses -> BigInt,
        window_started_at -> InstantSql,
        last_at -> InstantSql,
        unlocks_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    login_devices (hash) {
        hash -> Text,
        user_id -> UuidSql,
        created_at -> InstantSql,
        last_used_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    password_tokens (hash) {
        hash -> Text,
        user_id -> UuidSql,
        kind -> Text,
        created_at -> InstantSql,
        expires_at -> InstantSql,
        used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    second_factors (user_id) {
        user_id -> UuidSql,
        salt -> Text,
        last_step -> BigInt,
        created_at -> InstantSql,
        confirmed_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    recovery_codes (hash) {
        hash -> Text,
        user_id -> UuidSql,
        used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::InstantSql;

    setup_tokens (hash) {
        hash -> Text,
        created_at -> InstantSql,
        expires_at -> InstantSql,
        used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    hazards (id) {
        seq -> BigInt,
        id -> UuidSql,
        institution_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        number -> Text,
        category -> Text,
        checklist_item -> Nullable<Text>,
        location -> Text,
        location_key -> Text,
        description -> Text,
        severity -> Text,
        urgent -> Bool,
        status -> Text,
        self_found -> Bool,
        fixed_on_spot -> Bool,
        found_at -> InstantSql,
        registered_at -> InstantSql,
        registered_by -> UuidSql,
        deadline -> Date,
        original_deadline -> Date,
        deadline_basis -> Text,
        recheck_due -> Nullable<Date>,
        rework_count -> Integer,
        recurrence_of -> Nullable<UuidSql>,
        listed -> Bool,
        severity_key -> BigInt,
        submitted_by -> Nullable<UuidSql>,
        closed_at -> Nullable<InstantSql>,
        closed_by -> Nullable<UuidSql>,
        photo_rule -> Text,
        details -> Text,
        digest -> Text,
        version -> BigInt,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    hazard_counts (institution_id, status, category, severity, deadline) {
        institution_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        status -> Text,
        category -> Text,
        severity -> Text,
        deadline -> Date,
        hazards -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    hazard_actions (id) {
        id -> UuidSql,
        hazard_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        actor_role -> Text,
        at -> InstantSql,
        status_before -> Text,
        status_after -> Text,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    evidence (id) {
        id -> UuidSql,
        owner_kind -> Text,
        owner_id -> UuidSql,
        part -> Nullable<Text>,
        institution_id -> UuidSql,
        action_id -> Nullable<UuidSql>,
        position -> Integer,
        role -> Text,
        sha256 -> Text,
        media_type -> Text,
        size -> BigInt,
        captured_at -> Nullable<InstantSql>,
        declared_by -> UuidSql,
        declared_at -> InstantSql,
        state -> Text,
        stored_at -> Nullable<InstantSql>,
        stored_by -> Nullable<UuidSql>,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        exif_captured_at -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        device -> Nullable<Text>,
        preview -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    audit_heads (chain) {
        chain -> UuidSql,
        seq -> BigInt,
        hash -> Text,
        signature -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    audit_entries (chain, seq) {
        chain -> UuidSql,
        seq -> BigInt,
        at -> InstantSql,
        actor_id -> Nullable<UuidSql>,
        actor_role -> Nullable<Text>,
        action -> Text,
        object_kind -> Text,
        object_id -> Nullable<UuidSql>,
        result -> Text,
        request_id -> Text,
        address -> Nullable<Text>,
        device -> Nullable<Text>,
        content -> Text,
        previous -> Text,
        hash -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    audit_anchors (id) {
        id -> UuidSql,
        at -> InstantSql,
        chains -> BigInt,
        entries -> BigInt,
        content -> Text,
        signature -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    database_facts (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    jobs (id) {
        id -> UuidSql,
        kind -> Text,
        subject -> Text,
        due_at -> InstantSql,
        progress -> Text,
        lease -> Nullable<UuidSql>,
        lease_ends_at -> Nullable<InstantSql>,
        runs -> BigInt,
        failures -> BigInt,
        failures_in_a_row -> Integer,
        last_run_at -> Nullable<InstantSql>,
        last_error -> Nullable<Text>,
        done_at -> Nullable<InstantSql>,
        created_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::InstantSql;

    evidence_sweeps (sha256) {
        sha256 -> Text,
        marked_at -> InstantSql,
        removed_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::InstantSql;

    evidence_damage (sha256) {
        sha256 -> Text,
        fault -> Text,
        found_at -> InstantSql,
        mended_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    database_epochs (number) {
        number -> BigInt,
        id -> UuidSql,
        began_at -> InstantSql,
        because -> Text,
        archive -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    rule_documents (id, version) {
        id -> Text,
        version -> Integer,
        kind -> Text,
        level -> Text,
        owner_area_id -> Nullable<UuidSql>,
        effective_from -> Date,
        effective_to -> Nullable<Date>,
        verified -> Bool,
        content -> Text,
        sha256 -> Text,
        loaded_by -> UuidSql,
        loaded_at -> InstantSql,
        retired_by -> Nullable<UuidSql>,
        retired_at -> Nullable<InstantSql>,
        retired_because -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    rule_adoptions (id) {
        id -> UuidSql,
        area_id -> Nullable<UuidSql>,
        kind -> Text,
        document_id -> Text,
        document_version -> Integer,
        effective_from -> Date,
        effective_to -> Nullable<Date>,
        reason -> Nullable<Text>,
        adopted_by -> UuidSql,
        adopted_at -> InstantSql,
        digest -> Text,
        version -> BigInt,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    exports (id) {
        id -> UuidSql,
        format -> Text,
        filter -> Text,
        requested_by -> UuidSql,
        requested_at -> InstantSql,
        state -> Text,
        rows_done -> BigInt,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        fault -> Nullable<Text>,
        finished_at -> Nullable<InstantSql>,
        expires_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    import_errors (import_id, position) {
        import_id -> UuidSql,
        position -> BigInt,
        level -> Text,
        sheet -> Text,
        row_number -> BigInt,
        cell -> Text,
        column_name -> Text,
        code -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    imports (id) {
        id -> UuidSql,
        kind -> Text,
        file_name -> Nullable<Text>,
        sha256 -> Text,
        size -> BigInt,
        dry_run -> Bool,
        only_good -> Bool,
        institution_id -> Nullable<UuidSql>,
        requested_by -> UuidSql,
        requested_at -> InstantSql,
        state -> Text,
        rows_total -> BigInt,
        rows_done -> BigInt,
        good -> BigInt,
        duplicates -> BigInt,
        changed -> BigInt,
        refused -> BigInt,
        fault -> Nullable<Text>,
        finished_at -> Nullable<InstantSql>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    areas,
    institutions,
    users,
    user_scopes,
    sessions,
    hazards,
    hazard_counts,
    hazard_actions,
    evidence,
    audit_entries,
    audit_heads,
);

diesel::joinable!(user_scopes -> areas (area_id));
diesel::joinable!(user_scopes -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(evidence -> institutions (institution_id));
diesel::joinable!(hazard_counts -> institutions (institution_id));
diesel::joinable!(hazards -> institutions (institution_id));
