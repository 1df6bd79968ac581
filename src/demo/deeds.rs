//! One thing that one person does at one moment, through the very use case a request would go through.

use super::people::actor;
use super::photos::{Painted, Shot};
use super::readiness::Ready;
use crate::access::{Actor, Origin, WriteTx};
use crate::db::{Conn, Instant};
use crate::evidence::DeclaredEvidence;
use crate::evidence::arrival::arrive;
use crate::external_orders::record::{ExternalOrderForm, LiftForm};
use crate::hazards::action::ActionForm;
use crate::hazards::register::HazardForm;
use crate::hazards::{act, register};
use crate::ids::{
    ActionId, ExternalOrderId, HazardId, InspectionId, InstitutionId, NoticeId, NoticeStepId, SelfCheckId,
};
use crate::inspections::forms::{InspectionPlan, InspectionRecord};
use crate::institutions::model::OperatingStatus;
use crate::institutions::queries as homes;
use crate::institutions::routes::{InstitutionChange, revise};
use crate::notices::form::{NoticeForm, NoticeStepForm};
use crate::notices::{issue, step};
use crate::office::Office;
use crate::refusal::Outcome;
use crate::self_checks::enter::SelfCheckForm;
use crate::{external_orders, inspections, self_checks};
use chrono::TimeDelta;

pub struct Deed {
    pub at: Instant,
    /// By position in the cast.
    pub who: usize,
    pub what: What,
    /// Photos that are announced with it and, mostly, arrive right after it.
    pub shots: Vec<Shot>,
}

pub enum What {
    Register { hazard: HazardId, form: Box<HazardForm> },
    Step { hazard: HazardId, action: ActionId, form: Box<ActionForm> },
    Issue { notice: NoticeId, form: Box<NoticeForm> },
    Notice { notice: NoticeId, step: NoticeStepId, form: Box<NoticeStepForm> },
    Standing { home: InstitutionId, status: OperatingStatus },
    Plan { visit: InspectionId, plan: Box<InspectionPlan> },
    GiveUp { visit: InspectionId, reason: String },
    Visit { visit: InspectionId, record: Box<InspectionRecord> },
    Order { order: ExternalOrderId, form: Box<ExternalOrderForm> },
    Lift { order: ExternalOrderId, form: LiftForm },
    SelfCheck { check: SelfCheckId, form: Box<SelfCheckForm> },
    Ready(Ready),
}

/// The office, the people and where they say they come from.
pub struct Stage<'a> {
    pub office: &'a Office,
    pub actors: &'a [Actor],
    pub origin: &'a Origin,
}

/// The demonstration as an origin, so that nobody mistakes its entries for requests.
pub fn origin() -> Origin {
    Origin {
        request_id: "demonstration".into(),
        address: None,
        device: Some("anlao demo".into()),
        ..Origin::default()
    }
}

impl Deed {
    /// Carries it out at its own moment.
    pub fn carry_out(&self, conn: &mut Conn, stage: &Stage<'_>, painted: &[Painted]) -> Outcome<()> {
        let Stage { office, actors, origin } = *stage;
        let mut tx = WriteTx { conn, actor: actor(actors, self.who)?, office, origin, now: self.at };
        let evidence: Vec<DeclaredEvidence> = painted.iter().map(|photo| photo.declared.clone()).collect();
        match &self.what {
            What::Register { hazard, form } => {
                register::register(&mut tx, *hazard, &HazardForm { evidence, ..(**form).clone() })?;
            }
            What::Step { hazard, action, form } => {
                let form = ActionForm { evidence, ..(**form).clone() };
                act::act(&mut tx, *hazard, *action, &form, None)?;
            }
            What::Standing { home, status } => stand(&mut tx, *home, *status)?,
            What::Visit { visit, record } => {
                let record = InspectionRecord { evidence, ..(**record).clone() };
                inspections::record::hand_in(&mut tx, *visit, &record)?;
            }
            What::Ready(ready) => ready.carry_out(&mut tx, evidence)?,
            other => other.carry_out(&mut tx)?,
        }
        for photo in painted.iter().filter(|photo| photo.arrives) {
            tx.now = tx.now.plus(TimeDelta::seconds(4));
            arrive(&mut tx, photo.declared.id, &photo.facts)?;
        }
        Ok(())
    }
}

impl What {
    /// What comes without photos and is about no hazard.
    fn carry_out(&self, tx: &mut WriteTx<'_>) -> Outcome<()> {
        match self {
            Self::Plan { visit, plan } => inspections::plan::plan(tx, *visit, plan).map(|_| ()),
            Self::GiveUp { visit, reason } => inspections::plan::cancel(tx, *visit, reason).map(|_| ()),
            Self::Order { order, form } => external_orders::record::record(tx, *order, form).map(|_| ()),
            Self::Lift { order, form } => external_orders::record::lift(tx, *order, form).map(|_| ()),
            Self::SelfCheck { check, form } => self_checks::enter::enter(tx, *check, form).map(|_| ()),
            Self::Issue { notice, form } => issue::issue(tx, *notice, form).map(|_| ()),
            Self::Notice { notice, step, form } => step::take(tx, *notice, *step, form).map(|_| ()),
            Self::Register { .. }
            | Self::Step { .. }
            | Self::Standing { .. }
            | Self::Visit { .. }
            | Self::Ready(_) => Ok(()),
        }
    }
}

fn stand(tx: &mut WriteTx<'_>, home: InstitutionId, status: OperatingStatus) -> Outcome<()> {
    let version = homes::find(tx.conn, &tx.actor.scope, home)?.version;
    let change = InstitutionChange {
        status: Some(status),
        residents: Some(0),
        disabled_residents: Some(0),
        ..InstitutionChange::default()
    };
    revise(tx, home, version, change).map(|_| ())
}
