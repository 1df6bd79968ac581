//! The parameters of the colour of a home (机构安全状态码); the evaluation itself is code (domain 5.2).

use super::Readable;
use crate::refusal::FieldCode;
use crate::rules::reader::{Read, Section};
use serde::Serialize;

/// What makes a home red.
#[derive(Debug, Clone, Serialize)]
pub struct RedRules {
    /// R1: an open major hazard that is not yet accepted.
    pub open_major: bool,
    /// R2: overdue by more than so many days…
    pub overdue_days: u32,
    /// …and an urgent one by more than so many.
    pub urgent_overdue_days: u32,
    /// R3: so many failed re-checks of one hazard.
    pub failed_rechecks: u32,
    /// R4: no hands-on drill for so many months.
    pub no_drill_months: u32,
    /// R5: an order to stop in force.
    pub stop_order: bool,
    /// R6: a falsified record confirmed in so many days.
    pub falsified_days: u32,
    /// R7: nobody in command tonight while residents must be carried.
    pub no_commander: bool,
}

/// What makes a home yellow.
#[derive(Debug, Clone, Serialize)]
pub struct YellowRules {
    /// Y1
    pub overdue_days: u32,
    pub extension_running: bool,
    /// Y2: open for more than so many days, whatever its deadline.
    pub open_days: u32,
    pub without_measure_days: u32,
    /// Y3
    pub no_drill_days: u32,
    pub no_night_drill_months: u32,
    /// Y4: a recurrence in the last so many days.
    pub recurrence_days: u32,
    /// Y5: the monthly self-check is late by more than so many days…
    pub self_check_late_days: u32,
    /// …or so many of the last nights lack a patrol.
    pub night_patrols_missing: u32,
    pub night_patrols_of: u32,
    /// Y6
    pub plan_past_review: bool,
    /// Y7
    pub drill_problem_days: u32,
    /// Y8
    pub helper_table_days: u32,
    /// Y9
    pub credential_expired: bool,
    pub fire_test_months: u32,
}

/// When nothing can be said.
#[derive(Debug, Clone, Serialize)]
pub struct GreyRules {
    pub never_inspected: bool,
    pub last_inspection_days: u32,
    pub no_entry_days: u32,
}

/// How a colour gets better, and how a person may set it.
#[derive(Debug, Clone, Serialize)]
pub struct Hysteresis {
    pub green_after_days: u32,
    pub override_days: u32,
}

/// The whole set. Red goes before yellow before grey before green.
#[derive(Debug, Clone, Serialize)]
pub struct ColourRules {
    pub red: RedRules,
    pub yellow: YellowRules,
    pub grey: GreyRules,
    pub hysteresis: Hysteresis,
}

/// Days and months in their plausible ranges.
const DAYS: std::ops::RangeInclusive<u32> = 0..=1000;
const MONTHS: std::ops::RangeInclusive<u32> = 1..=60;

fn red(red: &Section<'_>) -> Read<RedRules> {
    let (open_major, stop_order) = (red.flag("open_major"), red.flag("stop_order"));
    let no_commander = red.flag("no_commander");
    let (overdue, urgent) = (red.number("overdue_days", DAYS), red.number("urgent_overdue_days", DAYS));
    let failed_rechecks = red.number("failed_rechecks", 1..=20);
    let no_drill_months = red.number("no_drill_months", MONTHS);
    let falsified_days = red.number("falsified_days", DAYS);
    if let (Ok(overdue), Ok(urgent)) = (overdue, urgent)
        && urgent > overdue
    {
        let reason = "urgent hazards cannot have longer than the others";
        return Err(red.refuse("urgent_overdue_days", FieldCode::Mismatch, reason));
    }
    Ok(RedRules {
        open_major: open_major?,
        overdue_days: overdue?,
        urgent_overdue_days: urgent?,
        failed_rechecks: failed_rechecks?,
        no_drill_months: no_drill_months?,
        stop_order: stop_order?,
        falsified_days: falsified_days?,
        no_commander: no_commander?,
    })
}

fn yellow(yellow: &Section<'_>) -> Read<YellowRules> {
    let (overdue_days, open_days) = (yellow.number("overdue_days", DAYS), yellow.number("open_days", DAYS));
    let without_measure_days = yellow.number("without_measure_days", DAYS);
    let no_drill_days = yellow.number("no_drill_days", DAYS);
    let no_night_drill_months = yellow.number("no_night_drill_months", MONTHS);
    let recurrence_days = yellow.number("recurrence_days", DAYS);
    let self_check_late_days = yellow.number("self_check_late_days", 0..=31);
    let missing = yellow.number("night_patrols_missing", 1..=60);
    let of = yellow.number("night_patrols_of", 1..=60);
    let drill_problem_days = yellow.number("drill_problem_days", DAYS);
    let helper_table_days = yellow.number("helper_table_days", DAYS);
    let fire_test_months = yellow.number("fire_test_months", MONTHS);
    let (extension_running, plan_past_review) =
        (yellow.flag("extension_running"), yellow.flag("plan_past_review"));
    let credential_expired = yellow.flag("credential_expired");
    if let (Ok(missing), Ok(of)) = (missing, of)
        && missing > of
    {
        let reason = "more nights cannot be missing than are looked at";
        return Err(yellow.refuse("night_patrols_missing", FieldCode::Mismatch, reason));
    }
    Ok(YellowRules {
        overdue_days: overdue_days?,
        extension_running: extension_running?,
        open_days: open_days?,
        without_measure_days: without_measure_days?,
        no_drill_days: no_drill_days?,
        no_night_drill_months: no_night_drill_months?,
        recurrence_days: recurrence_days?,
        self_check_late_days: self_check_late_days?,
        night_patrols_missing: missing?,
        night_patrols_of: of?,
        plan_past_review: plan_past_review?,
        drill_problem_days: drill_problem_days?,
        helper_table_days: helper_table_days?,
        credential_expired: credential_expired?,
        fire_test_months: fire_test_months?,
    })
}

fn grey(grey: &Section<'_>) -> Read<GreyRules> {
    let never_inspected = grey.flag("never_inspected");
    let (inspection, entry) = (grey.number("last_inspection_days", DAYS), grey.number("no_entry_days", DAYS));
    Ok(GreyRules {
        never_inspected: never_inspected?,
        last_inspection_days: inspection?,
        no_entry_days: entry?,
    })
}

fn hysteresis(section: &Section<'_>) -> Read<Hysteresis> {
    let (green, longest) =
        (section.number("green_after_days", DAYS), section.number("override_days", 1..=90));
    Ok(Hysteresis { green_after_days: green?, override_days: longest? })
}

impl Readable for ColourRules {
    fn read(root: &Section<'_>) -> Read<Self> {
        let (red, yellow) = (root.section("red", red), root.section("yellow", yellow));
        let (grey, hysteresis) = (root.section("grey", grey), root.section("hysteresis", hysteresis));
        Ok(Self { red: red?, yellow: yellow?, grey: grey?, hysteresis: hysteresis? })
    }
}
