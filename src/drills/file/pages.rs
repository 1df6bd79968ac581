//! The papers of a drill as pages that need nothing else: for reading, and for printing on A4. Escaping is maud's. Pure.

use super::words::Word;
use crate::db::Instant;
use crate::drills::forms::{DrillRecord, EvaluationForm, People};
use crate::drills::timeline::Milestone;
use crate::drills::view::{DrillDetail, ProblemView};
use crate::staff::Person;
use chrono_tz::Tz;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "@page { size: A4; margin: 25mm 22mm; } body { font: 12pt/20pt FangSong, STFangsong, \"Noto Serif CJK SC\", \
    SimSun, serif; color: #000; max-width: 166mm; margin: 0 auto; } h1 { font: bold 18pt/28pt SimSun, \"Noto Serif CJK SC\", serif; \
    text-align: center; } h2 { font-size: 13pt; margin: 6mm 0 2mm; } table { border-collapse: collapse; width: 100%; } \
    th, td { border: 0.5pt solid #000; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; } \
    th { font-weight: normal; background: #f2f2f2; width: 34mm; } thead th { width: auto; } tr { break-inside: avoid; } \
    p { white-space: pre-wrap; overflow-wrap: anywhere; margin: 1mm 0; } .note { border: 0.5pt solid #000; padding: 2mm; } \
    .sign { margin-top: 14mm; }";

/// The pages of a drill: the name of each file, and its text.
pub fn pages(detail: &DrillDetail, zone: Tz) -> Vec<(&'static str, String)> {
    let mut pages = vec![("1-plan.html", plan(detail, zone))];
    if let Some(record) = &detail.record {
        pages.push(("2-record.html", self::record(detail, record, zone)));
    }
    if let Some(evaluation) = &detail.evaluation {
        pages.push(("3-evaluation.html", self::evaluation(detail, evaluation)));
        pages.push(("4-summary.html", summary(detail, evaluation)));
    }
    pages
}

fn page(title: &str, detail: &DrillDetail, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " " (detail.drill.institution_name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                table { tbody {
                    (row("机构", &detail.drill.institution_name))
                    (row("类型", if detail.drill.real_event { "真实事件" } else { detail.drill.kind.word() }))
                    (row("班次", detail.drill.shift.word()))
                    (row("日期", &detail.drill.on_day.to_string()))
                    (optional("楼栋", detail.drill.building.as_deref()))
                    (optional("情景", detail.drill.scenario.as_deref()))
                    (row("编号", &detail.drill.id.to_string()))
                } }
                (body)
            }
        }
    };
    page.into_string()
}

fn row(name: &str, value: &str) -> Markup {
    html! { tr { th { (name) } td { (value) } } }
}

fn optional(name: &str, value: Option<&str>) -> Markup {
    html! { @if let Some(value) = value { (row(name, value)) } }
}

fn text(heading: &str, text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { h2 { (heading) } p { (text) } } }
}

fn local(at: Instant, zone: Tz) -> String {
    at.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn name(person: Option<&Person>) -> &str {
    person.map_or("", |person| person.name.as_str())
}

fn people(of: &People) -> String {
    let names: Vec<&str> = of.names.iter().map(|one| one.name.as_str()).collect();
    if names.is_empty() {
        format!("{}人", of.number())
    } else {
        format!("{}人：{}", of.number(), names.join("、"))
    }
}

fn plan(detail: &DrillDetail, zone: Tz) -> String {
    let body = html! {
        p.note { (detail.stand_ins_note) }
        @match &detail.plan {
            None => p { "未事先制定演练方案。" }
            Some(plan) => {
                h2 { "演练方案" }
                table { tbody {
                    (row("演练时段", &format!("{} 至 {}", local(plan.window_from, zone), local(plan.window_to, zone))))
                    @if let Some(at) = plan.announcement.exact_at { (row("计划时间", &local(at, zone))) }
                    (row("老人与公众", plan.announcement.residents_public.word()))
                    (row("工作人员", plan.announcement.staff.word()))
                    (row("计划指挥", name(plan.commander.as_ref())))
                    @if let Some(id) = detail.drill.plan_id { (row("依据预案", &id.to_string())) }
                    (row("制定时间", &local(plan.planned_at, zone)))
                } }
                @if !plan.goals.is_empty() {
                    h2 { "演练目标" }
                    ol { @for goal in &plan.goals { li { (goal) } } }
                }
                (text("备注", plan.note.as_deref()))
            }
        }
    };
    page("演练方案", detail, &body)
}

fn record(detail: &DrillDetail, record: &DrillRecord, zone: Tz) -> String {
    let body = html! {
        h2 { "时间线" }
        table { tbody {
            @for milestone in Milestone::ALL.iter().copied() {
                @if let Some(at) = record.timeline.at(milestone) {
                    (row(milestone.word(), &format!("{}（{}）", local(at, zone), after(record, at))))
                }
            }
            @if let Some(call) = record.emergency_call { (row("119", call.word())) }
        } }
        h2 { "人员" }
        table { tbody {
            (row("现场指挥", name(record.commander.as_ref())))
            @for one in &record.handovers {
                (row("指挥交接", &format!("{} {} {}", one.to.name, one.at.map(|at| local(at, zone)).unwrap_or_default(), one.told.as_deref().unwrap_or_default())))
            }
            (row("在岗", &people(&record.staff_on_duty)))
            (row("参加", &people(&record.staff_taking_part)))
            @for one in &record.groups {
                (row(&one.group, &format!("{}{}{}", people(&one.people), in_place(one.in_place), one.remark.as_ref().map(|text| format!("。{text}")).unwrap_or_default())))
            }
            @for one in &record.observers { (row("观察员", &format!("{} {}", one.person.name, one.post.as_deref().unwrap_or_default()))) }
        } }
        (residents(detail, record))
        h2 { "结果" }
        table { tbody {
            (optional("天气", record.weather.as_deref()))
            @if let Some(count) = &record.head_count {
                (row("清点", &format!("应到{}人，实到{}人。{}", count.expected, count.counted, count.missing.as_deref().unwrap_or_default())))
            }
            (row("受伤", &format!("{}人{}", record.injured, record.injuries.as_ref().map(|text| format!("：{text}")).unwrap_or_default())))
            @for one in &record.equipment { (row("器材", &format!("{}：{}", one.name, one.defect.as_deref().unwrap_or("正常")))) }
            @if let Some(filed) = &detail.reported { (row("报告", &format!("{} {}", filed.on, filed.receiver))) }
        } }
        (text("经过", record.course.as_deref()))
        (problems(&detail.followed_up))
        (text("备注", record.note.as_deref()))
        p.sign { "现场指挥（签字）：　　　　　　　　　　记录人（签字）：" }
    };
    page(if record.real_event { "应急处置记录" } else { "演练记录" }, detail, &body)
}

fn after(record: &DrillRecord, at: Instant) -> String {
    let seconds = at.utc().signed_duration_since(record.timeline.alarm_at.utc()).num_seconds();
    format!("报警后{}分{:02}秒", seconds / 60, seconds % 60)
}

fn in_place(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "，及时到位",
        Some(false) => "，未及时到位",
        None => "",
    }
}

fn residents(detail: &DrillDetail, record: &DrillRecord) -> Markup {
    html! {
        @if !record.residents.is_empty() {
            h2 { "老人（按疏散分类）" }
            table {
                thead { tr { th { "分类" } th { "在场" } th { "参加" } th { "由工作人员模拟" } th { "留在原处及原因" } } }
                tbody { @for one in &record.residents { tr {
                    td { (one.class.word()) }
                    td { @if let Some(present) = one.present { (present) } }
                    td { (one.taken_part) }
                    td { (one.simulated) }
                    td { (one.stayed) " " (one.stayed_because.as_deref().unwrap_or_default()) }
                } } }
            }
            @if detail.frail_residents_moved { p.note { "本次演练搬动了卧床老人。" (detail.stand_ins_note) } }
        }
    }
}

fn problems(all: &[ProblemView]) -> Markup {
    html! {
        @if !all.is_empty() {
            h2 { "问题与改进" }
            table {
                thead { tr { th { "问题" } th { "整改事项" } th { "预案修订" } } }
                tbody { @for one in all { tr {
                    td { (one.text) }
                    td {
                        @if let Some(number) = &one.hazard_number { (number) }
                        @if let Some(day) = one.hazard_deadline { " 期限 " (day) }
                    }
                    td { @if let Some(revision) = &one.revision { (revision) } }
                } } }
            }
        }
    }
}

fn evaluation(detail: &DrillDetail, form: &EvaluationForm) -> String {
    let body = html! {
        h2 { "评估" }
        table { tbody {
            (row("评估人", &form.evaluator.name))
            (row("评估日期", &form.evaluated_on.to_string()))
            (row("适宜性", form.suitability.word()))
            (row("充分性", form.sufficiency.word()))
            (row("人员到位", form.people_in_place.word()))
            (row("物资到位", form.supplies_in_place.word()))
            (row("协调组织", form.coordination.word()))
            (row("实战效果", form.effect.word()))
        } }
        (text("点评", form.comments.as_deref()))
        (problems(&detail.followed_up))
        p.sign { "评估人（签字）：" }
    };
    page("演练评估报告", detail, &body)
}

fn summary(detail: &DrillDetail, form: &EvaluationForm) -> String {
    let body = html! { (text("总结", Some(&form.summary))) (problems(&detail.followed_up)) };
    page("演练总结", detail, &body)
}
