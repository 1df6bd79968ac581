//! Who a person is to the system: role, scope, login.

use super::Scope;
use crate::ids::{SessionId, UserId};
use crate::text_enum;

text_enum! {
    /// What a person is to the system (domain: 检查员, 机构负责人, 监管人员, 审计, 系统管理员).
    pub enum Role {
        /// Records hazards and re-checks fixes.
        Inspector = "inspector",
        /// Answers for an institution: fixes, reports, asks for time.
        Manager = "manager",
        /// Supervises an area: decides, lists, escalates.
        Supervisor = "supervisor",
        /// Reads everything in scope, changes nothing.
        Auditor = "auditor",
        /// Runs accounts, areas and institutions; never decides a case.
        Admin = "admin",
    }
}

text_enum! {
    /// What a scope is made of.
    pub enum ScopeKind {
        All = "all",
        Areas = "areas",
        Institutions = "institutions",
    }
}

/// The person behind a request, as the records know them at this moment.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: UserId,
    pub role: Role,
    pub scope: Scope,
    /// The login this request came through; `None` for the command line.
    pub session: Option<SessionId>,
}
