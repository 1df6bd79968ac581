//! How often somebody may ask: per person and per address, each class of request for itself. Kept in memory,
//! so each node counts alone; the limits are against runaway programs and floods, not a means of accounting.

use super::client::client_network;
use super::limits::{Class, Rates};
use crate::ids::UserId;
use crate::metrics::{Counter, Family, family};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

static LIMITED: LazyLock<Family<[(&'static str, &'static str); 2], Counter>> =
    LazyLock::new(|| family("rate_limited", "Requests refused because they came too often"));

type Limiter<K> = DefaultKeyedRateLimiter<K, StateInformationMiddleware>;

/// What a client is told of its limit.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// `user-read`, `address-write`…
    pub scope: &'static str,
    pub class: Class,
    /// A minute's worth.
    pub quota: u32,
    pub remaining: u32,
    /// Until one more is allowed.
    pub wait: Duration,
}

impl Standing {
    /// `RateLimit-Policy` and `RateLimit`, as the IETF's draft spells them.
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let name = format!("{}-{}", self.scope, self.class.as_str());
        let seconds = self.seconds();
        [
            ("ratelimit-policy", format!("\"{name}\";q={};w=60", self.quota)),
            ("ratelimit", format!("\"{name}\";r={};t={seconds}", self.remaining)),
        ]
    }

    /// Whole seconds to wait.
    pub fn seconds(&self) -> u64 {
        self.wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
    }
}

/// The limits of one kind of client.
struct Keyed<K: Hash + Eq + Clone> {
    scope: &'static str,
    limiters: Vec<(Class, u32, Limiter<K>)>,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(scope: &'static str, rates: &Rates) -> Self {
        let limiters = Class::LIMITED.into_iter().filter_map(|class| {
            let quota = NonZeroU32::new(rates.of(class))?;
            let limiter =
                RateLimiter::keyed(Quota::per_minute(quota)).with_middleware::<StateInformationMiddleware>();
            Some((class, quota.get(), limiter))
        });
        Self { scope, limiters: limiters.collect() }
    }

    /// Counts a request. `Ok` tells how it stands when more than half is used up.
    fn check(&self, key: &K, class: Class) -> Result<Option<Standing>, Standing> {
        let Some((_, quota, limiter)) = self.limiters.iter().find(|(of, ..)| *of == class) else {
            return Ok(None);
        };
        let standing =
            |remaining, wait| Standing { scope: self.scope, class, quota: *quota, remaining, wait };
        match limiter.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok((remaining < quota / 2).then(|| standing(remaining, Duration::ZERO)))
            }
            Err(until) => {
                LIMITED.get_or_create(&[("scope", self.scope), ("class", class.as_str())]).inc();
                Err(standing(0, until.wait_time_from(DefaultClock::default().now())))
            }
        }
    }

    fn forget_idle(&self) {
        for (_, _, limiter) in &self.limiters {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Everybody's standing.
pub struct RateLimits {
    users: Keyed<UserId>,
    addresses: Keyed<IpNet>,
}

impl RateLimits {
    pub fn new(users: &Rates, addresses: &Rates) -> Self {
        Self { users: Keyed::new("user", users), addresses: Keyed::new("address", addresses) }
    }

    pub fn of_user(&self, user: UserId, class: Class) -> Result<Option<Standing>, Standing> {
        self.users.check(&user, class)
    }

    /// This machine's own programs, a proxy among them, have no limit as an address.
    pub fn of_address(&self, address: IpAddr, class: Class) -> Result<Option<Standing>, Standing> {
        if address.is_loopback() {
            return Ok(None);
        }
        self.addresses.check(&client_network(address), class)
    }

    /// Forgets whoever has not asked for so long that nothing counts against them.
    pub fn forget_idle(&self) {
        self.users.forget_idle();
        self.addresses.forget_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Rates = Rates { read: 3, write: 0, upload: 0, export: 0 };

    #[test]
    fn a_minutes_worth_may_come_at_once_and_no_more() {
        let limits = RateLimits::new(&FEW, &Rates::default());
        let (one, other) = (UserId::fresh(), UserId::fresh());
        for _ in 0..3 {
            assert!(limits.of_user(one, Class::Read).is_ok());
        }
        let refused = limits.of_user(one, Class::Read).unwrap_err();
        assert!((1..=20).contains(&refused.seconds()), "{refused:?}");
        assert_eq!(refused.headers()[0].1, "\"user-read\";q=3;w=60");
        assert!(limits.of_user(other, Class::Read).is_ok());
        assert!(limits.of_user(one, Class::Write).is_ok());
    }

    #[test]
    fn addresses_count_by_network_and_this_machine_not_at_all() {
        let limits = RateLimits::new(&Rates::default(), &FEW);
        let ask = |address: &str| limits.of_address(address.parse().unwrap(), Class::Read).is_ok();
        assert!(ask("2001:db8::1") && ask("2001:db8::2") && ask("2001:db8::3") && !ask("2001:db8::4"));
        assert!(ask("2001:db8:0:1::1"));
        assert!((0..10).all(|_| ask("127.0.0.1") && ask("::1")));
    }
}
