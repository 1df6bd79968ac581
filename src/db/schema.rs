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
        fire_high_risk -> Bool,
        special_equipment -> Bool,
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
        inspection_id -> Nullable<UuidSql>,
        drill_id -> Nullable<UuidSql>,
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

    external_orders (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        kind -> Text,
        issuer -> Text,
        number -> Nullable<Text>,
        issued_on -> Date,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        text -> Text,
        recorded_by -> UuidSql,
        recorded_at -> InstantSql,
        lifted_on -> Nullable<Date>,
        lift_reason -> Nullable<Text>,
        lifted_by -> Nullable<UuidSql>,
        lifted_at -> Nullable<InstantSql>,
        digest -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    drills (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        kind -> Text,
        shift -> Text,
        state -> Text,
        real_event -> Bool,
        hidden -> Bool,
        on_day -> Date,
        building -> Nullable<Text>,
        scenario -> Nullable<Text>,
        plan_id -> Nullable<UuidSql>,
        plan_edition -> Nullable<Integer>,
        plan -> Nullable<Text>,
        plan_digest -> Nullable<Text>,
        planned_by -> Nullable<UuidSql>,
        started_at -> Nullable<InstantSql>,
        started_by -> Nullable<UuidSql>,
        alarm_at -> Nullable<InstantSql>,
        record -> Nullable<Text>,
        record_digest -> Nullable<Text>,
        recorded_at -> Nullable<InstantSql>,
        recorded_by -> Nullable<UuidSql>,
        evaluation -> Nullable<Text>,
        evaluation_digest -> Nullable<Text>,
        evaluated_at -> Nullable<InstantSql>,
        evaluated_by -> Nullable<UuidSql>,
        reported_on -> Nullable<Date>,
        reported_to -> Nullable<Text>,
        cancelled -> Nullable<Text>,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    drill_steps (id) {
        id -> UuidSql,
        drill_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        at -> InstantSql,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    drill_problems (drill_id, position) {
        drill_id -> UuidSql,
        position -> Integer,
        institution_id -> UuidSql,
        on_day -> Date,
        found_in -> Text,
        text -> Text,
        hazard_id -> Nullable<UuidSql>,
        revision -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    drill_observers (id) {
        id -> UuidSql,
        drill_id -> UuidSql,
        name -> Text,
        post -> Nullable<Text>,
        digest -> Text,
        joined_at -> InstantSql,
        joined_by -> UuidSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    drill_syncs (drill_id, observer_id, digest) {
        drill_id -> UuidSql,
        observer_id -> UuidSql,
        digest -> Text,
        content -> Text,
        received_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    drill_taps (id) {
        id -> UuidSql,
        drill_id -> UuidSql,
        observer_id -> UuidSql,
        digest -> Text,
        content -> Text,
        received_at -> InstantSql,
        sent_by -> UuidSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    inspections (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        kind -> Text,
        campaign_id -> Nullable<UuidSql>,
        state -> Text,
        on_day -> Date,
        plan -> Nullable<Text>,
        plan_digest -> Nullable<Text>,
        record -> Nullable<Text>,
        record_digest -> Nullable<Text>,
        cancelled -> Nullable<Text>,
        checklist -> Nullable<Text>,
        checklist_version -> Nullable<Integer>,
        passed -> Integer,
        failed -> Integer,
        not_applicable -> Integer,
        not_checked -> Integer,
        handed_in_at -> Nullable<InstantSql>,
        handed_in_by -> Nullable<UuidSql>,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    inspection_people (inspection_id, user_id) {
        inspection_id -> UuidSql,
        user_id -> UuidSql,
        position -> Integer,
        state -> Text,
        on_day -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    inspection_answers (inspection_id, item) {
        inspection_id -> UuidSql,
        position -> Integer,
        item -> Text,
        result -> Text,
        remark -> Nullable<Text>,
        hazard_id -> Nullable<UuidSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    inspection_amendments (id) {
        id -> UuidSql,
        inspection_id -> UuidSql,
        step -> Integer,
        reason -> Text,
        text -> Text,
        actor_id -> UuidSql,
        at -> InstantSql,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    self_checks (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        kind -> Text,
        performed_at -> InstantSql,
        counts_for -> Nullable<Date>,
        performed_by -> Text,
        content -> Text,
        content_digest -> Text,
        received_at -> InstantSql,
        received_from -> UuidSql,
        identical_to -> Nullable<UuidSql>,
        back_dated -> Bool,
        ahead_of_time -> Bool,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    campaigns (id) {
        id -> UuidSql,
        area_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        name -> Text,
        basis -> Text,
        starts_on -> Date,
        ends_on -> Date,
        inspection_kind -> Text,
        requires_inspection -> Bool,
        requires_drill -> Bool,
        checklist -> Text,
        checklist_version -> Integer,
        items -> Text,
        note -> Nullable<Text>,
        state -> Text,
        started_at -> Nullable<InstantSql>,
        ended_at -> Nullable<InstantSql>,
        draws -> Integer,
        report -> Nullable<Text>,
        created_by -> UuidSql,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    campaign_targets (campaign_id, institution_id) {
        campaign_id -> UuidSql,
        institution_id -> UuidSql,
        drawn -> Bool,
        exempt_reason -> Nullable<Text>,
        exempted_by -> Nullable<UuidSql>,
        exempted_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use crate::db::sql_types::UuidSql;

    campaign_visitors (campaign_id, institution_id, user_id) {
        campaign_id -> UuidSql,
        institution_id -> UuidSql,
        user_id -> UuidSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    campaign_draws (campaign_id, number) {
        campaign_id -> UuidSql,
        number -> Integer,
        at -> InstantSql,
        drawn_by -> UuidSql,
        reason -> Nullable<Text>,
        lots -> Text,
        visits -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    campaign_actions (id) {
        id -> UuidSql,
        campaign_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        at -> InstantSql,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    notice_numbers (area_id, kind, year) {
        area_id -> UuidSql,
        kind -> Text,
        year -> Integer,
        last -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    notices (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        office_area_id -> UuidSql,
        office_level -> Integer,
        kind -> Text,
        year -> Integer,
        number -> Integer,
        number_text -> Text,
        state -> Text,
        content -> Text,
        digest -> Text,
        issued_at -> InstantSql,
        issued_by -> UuidSql,
        served_at -> Nullable<InstantSql>,
        acknowledged_at -> Nullable<InstantSql>,
        answered_at -> Nullable<InstantSql>,
        voided_at -> Nullable<InstantSql>,
        form_digest -> Text,
        version -> BigInt,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    notice_hazards (notice_id, position) {
        notice_id -> UuidSql,
        position -> Integer,
        hazard_id -> UuidSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    notice_steps (id) {
        id -> UuidSql,
        notice_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        actor_role -> Text,
        at -> InstantSql,
        state_after -> Text,
        content -> Text,
        digest -> Text,
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

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    staff (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        name -> Text,
        post -> Text,
        phone -> Nullable<Text>,
        user_id -> Nullable<UuidSql>,
        started_on -> Date,
        left_on -> Nullable<Date>,
        qualifications -> Text,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    home_arrangements (institution_id, topic) {
        institution_id -> UuidSql,
        topic -> Text,
        content -> Text,
        digest -> Text,
        version -> BigInt,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    command_assignments (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        begins_at -> InstantSql,
        ends_at -> InstantSql,
        day -> Nullable<Date>,
        shift -> Nullable<Text>,
        person -> Text,
        deputies -> Text,
        phone -> Text,
        trained_on -> Nullable<Date>,
        authority -> Text,
        entered_by -> UuidSql,
        entered_at -> InstantSql,
        cancelled_at -> Nullable<InstantSql>,
        cancel_reason -> Nullable<Text>,
        replaced_by -> Nullable<UuidSql>,
        digest -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    handovers (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        drill_id -> Nullable<UuidSql>,
        real_event -> Bool,
        at -> InstantSql,
        content -> Text,
        entered_by -> UuidSql,
        entered_at -> InstantSql,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    residents (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        label -> Text,
        room -> Text,
        bed -> Nullable<Text>,
        building -> Text,
        floor -> Integer,
        fire_compartment -> Text,
        evac_class -> Text,
        details -> Text,
        without_night_helper -> Bool,
        reviewed_on -> Date,
        left_on -> Nullable<Date>,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    plans (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        edition -> Integer,
        based_on -> Nullable<UuidSql>,
        state -> Text,
        kind -> Text,
        level -> Nullable<Integer>,
        title -> Text,
        content -> Text,
        content_digest -> Text,
        approval -> Nullable<Text>,
        in_force_on -> Nullable<Date>,
        snapshot -> Nullable<Text>,
        review -> Nullable<Text>,
        filing -> Nullable<Text>,
        publication -> Nullable<Text>,
        superseded_on -> Nullable<Date>,
        superseded_by -> Nullable<UuidSql>,
        discarded_because -> Nullable<Text>,
        created_by -> UuidSql,
        written_by -> UuidSql,
        digest -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    plan_steps (id) {
        id -> UuidSql,
        plan_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        at -> InstantSql,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    trainings (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        topic -> Text,
        started_at -> InstantSql,
        held_on -> Date,
        for_staff -> Bool,
        for_residents -> Bool,
        for_families -> Bool,
        attended -> Integer,
        content -> Text,
        replaces -> Nullable<UuidSql>,
        recorded_at -> InstantSql,
        recorded_by -> UuidSql,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    warnings (id) {
        id -> UuidSql,
        area_id -> UuidSql,
        area_1 -> UuidSql,
        area_2 -> Nullable<UuidSql>,
        area_3 -> Nullable<UuidSql>,
        area_4 -> Nullable<UuidSql>,
        area_5 -> Nullable<UuidSql>,
        area_6 -> Nullable<UuidSql>,
        source -> Text,
        kind -> Text,
        level -> Text,
        text -> Text,
        issued_at -> InstantSql,
        begins_at -> InstantSql,
        ends_at -> InstantSql,
        report_every_minutes -> Nullable<Integer>,
        acknowledge_within_minutes -> Integer,
        relayed_at -> InstantSql,
        relayed_by -> UuidSql,
        ended_how -> Nullable<Text>,
        ended_at -> Nullable<InstantSql>,
        end_reason -> Nullable<Text>,
        digest -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    warning_targets (warning_id, institution_id) {
        warning_id -> UuidSql,
        institution_id -> UuidSql,
        relayed_at -> InstantSql,
        acknowledged_at -> Nullable<InstantSql>,
        acknowledged_by -> Nullable<UuidSql>,
        acknowledgement -> Nullable<Text>,
        digest -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    warning_reports (id) {
        id -> UuidSql,
        warning_id -> UuidSql,
        institution_id -> UuidSql,
        reported_at -> InstantSql,
        reported_by -> UuidSql,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    warning_actions (id) {
        id -> UuidSql,
        warning_id -> UuidSql,
        step -> Integer,
        kind -> Text,
        actor_id -> UuidSql,
        at -> InstantSql,
        content -> Text,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::{InstantSql, UuidSql};

    foresights (id) {
        id -> UuidSql,
        institution_id -> UuidSql,
        month -> Date,
        content -> Text,
        recorded_at -> InstantSql,
        recorded_by -> UuidSql,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::sql_types::UuidSql;

    foresight_measures (foresight_id, position) {
        foresight_id -> UuidSql,
        position -> Integer,
        text -> Text,
        due_on -> Nullable<Date>,
        done_on -> Nullable<Date>,
        done_note -> Nullable<Text>,
        done_by -> Nullable<UuidSql>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    areas,
    inspections,
    inspection_people,
    inspection_answers,
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
    campaigns,
    campaign_targets,
    campaign_visitors,
    drills,
    drill_problems,
    notices,
    notice_hazards,
    warnings,
    warning_targets,
);

diesel::joinable!(user_scopes -> areas (area_id));
diesel::joinable!(user_scopes -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(evidence -> institutions (institution_id));
diesel::joinable!(inspection_answers -> hazards (hazard_id));
diesel::joinable!(inspection_answers -> inspections (inspection_id));
diesel::joinable!(inspection_people -> inspections (inspection_id));
diesel::joinable!(drill_problems -> drills (drill_id));
diesel::joinable!(hazard_counts -> institutions (institution_id));
diesel::joinable!(hazards -> institutions (institution_id));
diesel::joinable!(notice_hazards -> hazards (hazard_id));
diesel::joinable!(notice_hazards -> notices (notice_id));
