//! The id of the request that is being served: it stands in the answer, the log and the audit trail.

use std::future::Future;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// One request of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl RequestId {
    /// The request on whose behalf this task runs, if there is one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }

    /// Runs `work` on behalf of this request.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }
}
