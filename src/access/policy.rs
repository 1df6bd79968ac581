//! How people come in: what a password must be, whether a second factor is asked, whose word about
//! addresses counts. Fixed while the program runs.

use crate::http::TrustedProxies;
use crate::text_enum;

text_enum! {
    /// What is asked of passwords.
    pub enum PasswordProfile {
        /// NIST SP 800-63B-4: length and a list of common ones; no composition, no periodic change.
        Nist = "nist",
        /// GB/T 22239-2019 as it is inspected: composition, a change every 90 days, five tries in ten minutes.
        Mlps = "mlps",
    }
}

text_enum! {
    /// Whether one-time codes are asked for beside the password.
    pub enum SecondFactor {
        Off = "off",
        /// Whoever has set one up is asked for it.
        Optional = "optional",
        /// Supervisors and administrators must set one up before they can do anything else.
        Required = "required",
    }
}

/// The rules at the door.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    pub passwords: PasswordProfile,
    pub second_factor: SecondFactor,
    pub proxies: TrustedProxies,
    /// The address people use: links are made from it, never from what a request says.
    pub public_url: String,
}

impl Default for AccessPolicy {
    fn default() -> Self {
        Self {
            passwords: PasswordProfile::Nist,
            second_factor: SecondFactor::Off,
            proxies: TrustedProxies::default(),
            public_url: "http://127.0.0.1:8080".into(),
        }
    }
}
