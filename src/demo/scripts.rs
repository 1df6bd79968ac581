//! What can become of a hazard, how often each happens, and at which homes.

use super::chance::dice;
use super::facts::Founding;
use super::places::{Home, Standing};
use rand::Rng;
use rand::seq::SliceRandom;

/// One way a hazard's life can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    // Over by now.
    Ordinary,
    OnSpot,
    SentBack,
    Extended,
    ExtensionRefused,
    MajorClosed,
    Returned,
    Void,
    VoidRefused,
    Reopened,
    Waived,
    // Still running.
    OpenPending,
    OpenRectifying,
    OpenAwaiting,
    RecheckLate,
    OverduePending,
    OverdueRectifying,
    MajorOpen,
    MajorJudged,
    Transferred,
    ReopenedOpen,
    ExtensionAsked,
    VoidAsked,
    BeforeMissing,
    AfterMissing,
}

/// How many of ten thousand go each way; the rest is ordinary. Some 88 % are closed, 1.5 % overdue.
const SHARES: &[(Script, usize)] = &[
    (Script::OverdueRectifying, 95),
    (Script::OverduePending, 45),
    (Script::OpenPending, 170),
    (Script::OpenRectifying, 250),
    (Script::OpenAwaiting, 150),
    (Script::Transferred, 90),
    (Script::Void, 130),
    (Script::MajorOpen, 30),
    (Script::AfterMissing, 30),
    (Script::BeforeMissing, 25),
    (Script::ExtensionAsked, 40),
    (Script::OnSpot, 1100),
    (Script::SentBack, 650),
    (Script::Extended, 280),
    (Script::MajorClosed, 110),
    (Script::Reopened, 60),
    (Script::Waived, 45),
    (Script::ExtensionRefused, 60),
    (Script::Returned, 40),
    (Script::VoidRefused, 25),
    (Script::RecheckLate, 35),
    (Script::MajorJudged, 12),
    (Script::ReopenedOpen, 15),
    (Script::VoidAsked, 12),
];

/// As many scripts as there are hazards, in a drawn order. Even a small city has every kind once.
fn shares(hazards: usize, seed: u64) -> Vec<Script> {
    let counted = SHARES.iter().flat_map(|(script, share)| {
        let count = (share * hazards + 5_000) / 10_000;
        std::iter::repeat_n(*script, count.max(1))
    });
    let mut scripts: Vec<Script> = counted.chain(std::iter::repeat(Script::Ordinary)).take(hazards).collect();
    scripts.shuffle(&mut dice(seed, "scripts", 0));
    scripts
}

impl Script {
    /// Whether the hazard is still open at the end.
    pub fn is_running(self) -> bool {
        use Script as S;
        !matches!(
            self,
            S::Ordinary
                | S::OnSpot
                | S::SentBack
                | S::Extended
                | S::ExtensionRefused
                | S::MajorClosed
                | S::Returned
                | S::Void
                | S::VoidRefused
                | S::Reopened
                | S::Waived
        )
    }

    /// What goes wrong more often where things keep going wrong.
    fn is_trouble(self) -> bool {
        use Script as S;
        matches!(self, S::OverduePending | S::OverdueRectifying | S::SentBack | S::MajorOpen | S::MajorClosed)
    }
}

/// Deals the scripts out to the homes: big homes have more to find, troubled ones much more.
pub fn deal(founding: &Founding, homes: &[Home]) -> Vec<Vec<Script>> {
    let mut chance = dice(founding.seed, "deal", 0);
    let any = Lots::new(homes, |home| weight(home, 2.2));
    let open = Lots::new(homes, |home| weight(home, 2.2) * f64::from(home.standing == Standing::Operating));
    let trouble =
        Lots::new(homes, |home| weight(home, 14.0) * f64::from(home.standing == Standing::Operating));
    let mut dealt: Vec<Vec<Script>> = homes.iter().map(|_| Vec::new()).collect();
    for script in shares(founding.hazards, founding.seed) {
        let lots = match script {
            _ if script.is_trouble() => &trouble,
            _ if script.is_running() => &open,
            _ => &any,
        };
        if let Some(scripts) = dealt.get_mut(lots.draw(chance.random())) {
            scripts.push(script);
        }
    }
    dealt
}

fn weight(home: &Home, trouble: f64) -> f64 {
    (0.4 + f64::from(home.form.beds) / 120.0) * if home.troubled { trouble } else { 1.0 }
}

/// Drawing with weights: the running total up to each home.
struct Lots(Vec<f64>);

impl Lots {
    fn new(homes: &[Home], weight: impl Fn(&Home) -> f64) -> Self {
        let mut sum = 0.0;
        Self(
            homes
                .iter()
                .map(|home| {
                    sum += weight(home);
                    sum
                })
                .collect(),
        )
    }

    /// The home at this share of the whole.
    fn draw(&self, share: f64) -> usize {
        let wanted = share * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|upto| *upto <= wanted).min(self.0.len().saturating_sub(1))
    }
}
