//! The permission table: which role may do which kind of thing. One line each, on one page.

use super::Role;
use Role::{Admin, Auditor, Inspector, Manager, Supervisor};

/// Something a handler may ask to do; its type stands in the handler's signature.
pub trait Permission: Send + Sync + 'static {
    const NAME: &'static str;
    const ROLES: &'static [Role];
    /// Whether it may be done before a due password or second factor has been set.
    const ALWAYS: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: [$($role:ident),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Permission for $name {
            const NAME: &'static str = stringify!($name);
            const ROLES: &'static [Role] = &[$($role),*];
        }
    )*};
}

/// One's own account and logins: also open to whoever must first change their password.
#[derive(Debug)]
pub struct UseOwnAccount;

impl Permission for UseOwnAccount {
    const NAME: &'static str = "UseOwnAccount";
    const ROLES: &'static [Role] = Role::ALL;
    const ALWAYS: bool = true;
}

permissions! {
    ReadAreas: [Inspector, Manager, Supervisor, Auditor, Admin];
    ManageAreas: [Admin];
    ReadInstitutions: [Inspector, Manager, Supervisor, Auditor, Admin];
    ManageInstitutions: [Admin];
    ManageUsers: [Admin];
    ReadChecklists: [Inspector, Manager, Supervisor, Auditor, Admin];
    ReadRules: [Inspector, Manager, Supervisor, Auditor, Admin];
    ManageRules: [Admin];
    ReadHazards: [Inspector, Manager, Supervisor, Auditor, Admin];
    RegisterHazards: [Inspector, Manager, Supervisor];
    /// Take a step in a hazard's life; which step is decided by `hazards::rules`.
    ActOnHazards: [Inspector, Manager, Supervisor];
    PlanInspections: [Inspector, Supervisor];
    HandInInspections: [Inspector, Supervisor];
    /// Who works in a home, with their phones.
    ReadStaff: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// A home's own people keep its staff, its commanders and its residents' table.
    KeepStaff: [Manager];
    ReadCommanders: [Inspector, Manager, Supervisor, Auditor, Admin];
    KeepCommanders: [Manager];
    /// Which homes of an area nobody commands.
    ReadCommandGaps: [Inspector, Supervisor, Auditor, Admin];
    /// How residents leave the building; each reading is logged. Neither auditors nor administrators need it.
    ReadResidents: [Inspector, Manager, Supervisor];
    KeepResidents: [Manager];
    ReadInspections: [Inspector, Manager, Supervisor, Auditor, Admin];
    RecordExternalOrders: [Inspector, Supervisor];
    ReadExternalOrders: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// What an institution checks by itself is told by its own people only.
    EnterSelfChecks: [Manager];
    ReadSelfChecks: [Inspector, Manager, Supervisor, Auditor, Admin];
    UploadEvidence: [Inspector, Manager, Supervisor];
    /// Bring ledgers in; lists of institutions only administrators.
    ImportRecords: [Supervisor, Admin];
    ExportRecords: [Inspector, Manager, Supervisor, Auditor, Admin];
    ReadEvidence: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// The untouched original with everything the camera wrote into it; each reading is logged.
    ReadOriginals: [Inspector, Manager, Supervisor, Auditor];
    ReadOverview: [Inspector, Manager, Supervisor, Auditor, Admin];
    ReadAudit: [Supervisor, Auditor];
    /// What institutions owe of plans, drills, rosters and training: computed from what their people may read anyway.
    ReadCompliance: [Inspector, Manager, Supervisor, Auditor, Admin];
    ReadCampaigns: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// Which step is decided by `campaigns::rules`.
    RunCampaigns: [Supervisor];
    ReadDrills: [Inspector, Manager, Supervisor, Auditor, Admin];
    PlanDrills: [Manager, Supervisor];
    /// Start, record and evaluate; which step is decided by `drills::rules`.
    RecordDrills: [Manager, Inspector, Supervisor];
    ReadJobs: [Auditor, Admin];
    /// Which kind of paper is decided by `notices::rules`.
    IssueNotices: [Inspector, Supervisor];
    ReadNotices: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// Serve, acknowledge, answer, declare void; which step is decided by `notices::rules`.
    ActOnNotices: [Inspector, Manager, Supervisor];
    ReadPlans: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// A home's plan is written by its own people only.
    KeepPlans: [Manager];
    /// Approve, put in force, file and so on; which step is decided by `plans::rules`.
    ActOnPlans: [Manager, Supervisor];
    ReadTrainings: [Inspector, Manager, Supervisor, Auditor, Admin];
    RecordTrainings: [Manager];
    ReadWarnings: [Inspector, Manager, Supervisor, Auditor, Admin];
    /// Relay a warning and end it.
    RelayWarnings: [Supervisor];
    /// A home acknowledges and reports by its own people only.
    AnswerWarnings: [Manager];
}
