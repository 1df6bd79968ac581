//! What all requests of one server share: its limits, who asked how often, and whether it is about to end.

use super::limits::{Class, Limits};
use super::rates::{RateLimits, Standing};
use crate::draining::Draining;
use crate::ids::UserId;
use crate::refusal::{Code, Outcome};
use actix_web::{HttpMessage, HttpRequest, web};
use std::sync::Arc;
use std::time::Duration;

/// Who a token in the request speaks for, once an extractor has read it: for the log line.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub UserId);

pub struct Serving {
    pub limits: Arc<Limits>,
    pub draining: Draining,
    pub(super) rates: RateLimits,
}

impl Serving {
    /// Also begins to forget idle clients now and then, for as long as this lives.
    pub fn start(limits: Arc<Limits>, draining: Draining) -> web::Data<Self> {
        let rates = RateLimits::new(&limits.user_rates, &limits.address_rates);
        let serving = web::Data::new(Self { limits, draining, rates });
        let weak = Arc::downgrade(&serving.clone().into_inner());
        actix_web::rt::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                let Some(serving) = weak.upgrade() else { return };
                serving.rates.forget_idle();
            }
        });
        serving
    }
}

/// Lets somebody whose token was read in, unless they ask too often.
pub fn admit(req: &HttpRequest, user: UserId) -> Outcome<()> {
    req.extensions_mut().insert(Caller(user));
    let class = req.extensions().get::<Class>().copied();
    let (Some(serving), Some(class)) = (req.app_data::<web::Data<Serving>>(), class) else { return Ok(()) };
    let (standing, outcome) = match serving.rates.of_user(user, class) {
        Ok(standing) => (standing, Ok(())),
        Err(standing) => (Some(standing), Err(Code::TooManyRequests.into())),
    };
    note(req, standing);
    outcome
}

/// Keeps for the answer what the client is to be told.
pub(super) fn note(req: &impl HttpMessage, standing: Option<Standing>) {
    if let Some(standing) = standing {
        req.extensions_mut().insert(standing);
    }
}
