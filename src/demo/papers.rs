//! Papers of the demonstration: a few institutions of each county have got notices, each further on than the last. They
//! are issued when the history is over, at homes where nothing has happened since.

use super::calendar::{Calendar, office_day_from};
use super::chance::{Dice, dice, id};
use super::deeds::origin;
use super::facts::Founding;
use super::people::{Cast, actor};
use super::places::{Home, Places};
use crate::access::{Actor, WriteTx};
use crate::db::{Conn, Instant};
use crate::hazards;
use crate::hazards::model::{Hazard, Status};
use crate::ids::{HazardId, NoticeId, NoticeStepId};
use crate::notices::form::{ListedHazard, NoticeForm, NoticeStepForm};
use crate::notices::model::{NoticeKind, NoticeStepKind, ServiceMethod};
use crate::notices::rules::may_list;
use crate::notices::{issue, step};
use crate::office::Office;
use crate::refusal::Outcome;
use chrono::TimeDelta;

/// Homes with papers in each county.
const PER_COUNTY: usize = 4;
/// Hazards on one paper.
const PER_PAPER: usize = 6;

/// What all papers are made from.
pub struct Desk<'a> {
    pub office: &'a Office,
    pub founding: Founding,
    pub calendar: Calendar,
    pub places: &'a Places,
    pub cast: &'a Cast,
}

/// One home's file: who writes, who answers, what is open there.
struct File<'a> {
    desk: &'a Desk<'a>,
    home: &'a Home,
    inspector: &'a Actor,
    supervisor: &'a Actor,
    manager: &'a Actor,
    hazards: Vec<Hazard>,
    chance: Dice,
    /// The morning on which the papers go out.
    morning: Instant,
}

/// Issues them all; returns how many.
pub fn issue_all(conn: &mut Conn, desk: &Desk<'_>) -> Outcome<usize> {
    let actors = desk.cast.actors(conn)?;
    let mut issued = 0;
    for county in 0..desk.places.counties.len() {
        let mut told = 0;
        for home in desk.places.homes.iter().filter(|home| home.county == county) {
            if told == PER_COUNTY {
                break;
            }
            if let Some(mut file) = File::open(conn, desk, home, &actors)? {
                issued += file.tell(conn, told)?;
                told += 1;
            }
        }
    }
    Ok(issued)
}

impl<'a> File<'a> {
    /// The file of a home where something is open and nothing has happened for a while.
    fn open(
        conn: &mut Conn,
        desk: &'a Desk<'a>,
        home: &'a Home,
        actors: &'a [Actor],
    ) -> Outcome<Option<Self>> {
        let hazards = hazards::queries::of_institution(conn, home.id)?;
        let last = hazards.iter().map(|hazard| hazard.updated_at).max();
        let notable = hazards.iter().any(|hazard| hazard.status.is_running());
        let Some(last) = last.filter(|_| notable) else { return Ok(None) };
        let day = office_day_from(desk.calendar.date(last) + TimeDelta::days(1));
        let morning = desk.calendar.at(day, 9 * 60 + 30);
        if morning.plus(TimeDelta::hours(9)) > desk.founding.now {
            return Ok(None);
        }
        let staff = desk.cast.staff(home);
        Ok(Some(Self {
            desk,
            home,
            inspector: actor(actors, staff.inspector(home.number))?,
            supervisor: actor(actors, staff.county_supervisor)?,
            manager: actor(actors, staff.manager())?,
            hazards,
            chance: dice(desk.founding.seed, "papers", home.number),
            morning,
        }))
    }

    /// Each home's papers have come further than those of the home before; returns how many there are.
    fn tell(&mut self, conn: &mut Conn, further: usize) -> Outcome<usize> {
        use NoticeKind as K;
        let (inspector, supervisor) = (self.inspector, self.supervisor);
        let mut issued = 1;
        self.issue(conn, inspector, K::InspectionRecord, 0)?;
        if further == 0 {
            // Issued in error, declared void, and issued again: the number is not given twice.
            let wrong = self.issue(conn, inspector, K::RectificationNotice, 20)?;
            self.step(
                conn,
                supervisor,
                wrong,
                words(NoticeStepKind::Void, "检查人员信息填写有误，重新出具。"),
                30,
            )?;
            issued += 1;
        }
        let notice = self.issue(conn, inspector, K::RectificationNotice, 40)?;
        issued += 1;
        if further > 0 {
            let refused = further == 2;
            self.step(conn, inspector, notice, self.served(refused), 100)?;
        }
        if further > 1 {
            self.step(
                conn,
                self.manager,
                notice,
                words(NoticeStepKind::Acknowledge, "已收到，将按期整改。"),
                150,
            )?;
        }
        if further > 2 {
            let answer = "已按要求采取临时防护措施，整改方案和责任人已明确，将在期限内完成并上传整改后照片。";
            self.step(conn, self.manager, notice, words(NoticeStepKind::Reply, answer), 400)?;
        }
        let today = self.desk.calendar.date(self.morning);
        if self.hazards.iter().any(|hazard| hazard.is_overdue(today)) {
            self.issue(conn, supervisor, K::SupervisionLetter, 420)?;
            issued += 1;
        }
        if self.hazards.iter().any(|hazard| hazard.status == Status::Closed) {
            self.issue(conn, inspector, K::RecheckOpinion, 440)?;
            issued += 1;
        }
        Ok(issued)
    }

    fn at(&self, minutes: i64) -> Instant {
        self.morning.plus(TimeDelta::minutes(minutes))
    }

    fn served(&self, refused: bool) -> NoticeStepForm {
        NoticeStepForm {
            kind: NoticeStepKind::Serve,
            how: Some(if refused { ServiceMethod::Left } else { ServiceMethod::InPerson }),
            served_at: Some(self.at(95)),
            recipient: Some(self.home.form.principal.clone().unwrap_or_else(|| "值班负责人".to_owned())),
            refused: Some(refused),
            text: refused.then(|| "负责人外出，值班人员拒绝签收，留置送达并拍照。".to_owned()),
        }
    }

    /// What a paper of this kind is about: what is overdue, what was closed last, or what is open.
    fn listed(&self, kind: NoticeKind) -> Vec<HazardId> {
        let today = self.desk.calendar.date(self.morning);
        let fits = |hazard: &&Hazard| {
            may_list(kind, hazard.status)
                && match kind {
                    NoticeKind::SupervisionLetter => hazard.is_overdue(today),
                    NoticeKind::RecheckOpinion => hazard.status == Status::Closed,
                    _ => hazard.status.is_running(),
                }
        };
        self.hazards.iter().rev().filter(fits).take(PER_PAPER).map(|hazard| hazard.id).collect()
    }

    fn issue(&mut self, conn: &mut Conn, by: &Actor, kind: NoticeKind, minutes: i64) -> Outcome<NoticeId> {
        let at = self.at(minutes);
        let notice = NoticeId(id(&mut self.chance, at));
        let form = self.form(kind);
        let origin = origin();
        let mut tx = WriteTx { conn, actor: by, office: self.desk.office, origin: &origin, now: at };
        issue::issue(&mut tx, notice, &form)?;
        Ok(notice)
    }

    fn step(
        &mut self,
        conn: &mut Conn,
        by: &Actor,
        notice: NoticeId,
        form: NoticeStepForm,
        minutes: i64,
    ) -> Outcome<()> {
        let at = self.at(minutes);
        let id = NoticeStepId(id(&mut self.chance, at));
        let origin = origin();
        let mut tx = WriteTx { conn, actor: by, office: self.desk.office, origin: &origin, now: at };
        step::take(&mut tx, notice, id, &form).map(|_| ())
    }

    /// The facts that the sample templates ask for.
    fn form(&self, kind: NoticeKind) -> NoticeForm {
        use NoticeKind as K;
        let county = self.desk.places.counties.get(self.home.county);
        let own = |text: &str| Some(text.to_owned());
        let inspects = matches!(kind, K::RectificationNotice | K::InspectionRecord | K::RecheckOpinion);
        let record = kind == K::InspectionRecord;
        let answered = matches!(kind, K::RectificationNotice | K::SupervisionLetter);
        let listed = self.listed(kind).into_iter();
        NoticeForm {
            kind,
            office_area_id: county.map_or(self.desk.places.city, |county| county.id),
            institution_id: self.home.id,
            hazards: listed
                .map(|hazard_id| ListedHazard { hazard_id, requirement: None, basis: None })
                .collect(),
            template: None,
            recipient: None,
            inspected_on: inspects.then(|| self.desk.calendar.date(self.morning)),
            place: own("机构内：居室、走廊、厨房、配电间").filter(|_| record),
            inspectors: own("两名检查人员（证件号码见签名处）").filter(|_| inspects),
            present: self.home.form.principal.clone().or_else(|| own("值班负责人")).filter(|_| record),
            facts: own("检查了居室、走廊、厨房、配电间和消防设施，查阅了值班和巡查记录。").filter(|_| record),
            handling: match kind {
                K::InspectionRecord => own("对发现的问题责令限期整改，另行送达通知书。"),
                K::RecheckOpinion => {
                    own("经现场复查，上列隐患已完成整改，同意销号。请保持日常巡查，防止反弹。")
                }
                K::SupervisionLetter => {
                    own("请主要负责人亲自督促，三日内完成整改；不能立即完成的，停用有关部位并安排专人值守。")
                }
                _ => None,
            },
            reply_to: county.map(|county| format!("{}民政局养老服务科", county.name)).filter(|_| answered),
            paragraphs: Vec::new(),
        }
    }
}

/// A step that consists of words.
fn words(kind: NoticeStepKind, text: &str) -> NoticeStepForm {
    NoticeStepForm {
        kind,
        how: None,
        served_at: None,
        recipient: None,
        refused: None,
        text: Some(text.to_owned()),
    }
}
