//! Many phones at once.

use crate::cases::{Case, Known, People};
use crate::phone::Reply;
use crate::seeds::chance;
use crate::town::Town;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Phones that send at the same time.
pub const PHONES: usize = 64;
/// Writes of one round that nobody ends.
pub const WRITES: usize = 1000;

/// What phones do about an answer that is neither yes nor no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// The server is dead: they stop. One that is busy is asked again.
    Stop,
    /// They send it again, under the same id, until there is a yes.
    Insist,
}

/// Phones that send, and what they know afterwards.
pub struct Load<'a> {
    town: &'a Town,
    manners: Manners,
    chance: RefCell<rand_chacha::ChaCha8Rng>,
    left: Cell<usize>,
    /// When to begin nothing new.
    until: Option<Instant>,
    /// Writes acknowledged so far, and the count at which somebody wants to be told.
    pub acknowledged: Cell<usize>,
    tell_at: usize,
    pub reached: Notify,
    cases: RefCell<Vec<Case>>,
    pub wrong: RefCell<Vec<String>>,
    /// The longest that anybody waited for an answer.
    pub slowest: Cell<Duration>,
    /// Answers 503, each with the promise to be back.
    pub busy: Cell<usize>,
}

impl<'a> Load<'a> {
    /// So many writes; told when so many are acknowledged.
    pub fn of(town: &'a Town, seed: u64, writes: usize, tell_at: usize) -> Self {
        Self {
            town,
            manners: Manners::Stop,
            chance: RefCell::new(chance(seed)),
            left: Cell::new(writes),
            until: None,
            acknowledged: Cell::new(0),
            tell_at,
            reached: Notify::new(),
            cases: RefCell::default(),
            wrong: RefCell::default(),
            slowest: Cell::default(),
            busy: Cell::new(0),
        }
    }

    /// As many writes as fit into this time, each of them insisted on.
    pub fn lasting(town: &'a Town, seed: u64, time: Duration) -> Self {
        let until = Some(Instant::now() + time);
        Self { manners: Manners::Insist, until, ..Self::of(town, seed, usize::MAX, usize::MAX) }
    }

    pub fn insisting(self) -> Self {
        Self { manners: Manners::Insist, ..self }
    }

    /// Runs to the end; `people` may be at several servers, of which each write goes to one by turns.
    pub async fn run(&self, people: &[People]) {
        join_all((0..PHONES).map(|number| self.phone(people, number))).await;
        self.reached.notify_one();
    }

    fn is_over(&self) -> bool {
        self.left.get() == 0 || self.until.is_some_and(|until| Instant::now() >= until)
    }

    async fn phone(&self, people: &[People], number: usize) {
        let mut turn = number;
        while !self.is_over() {
            let mut case = Case::draw(self.town, &mut self.chance.borrow_mut());
            let lost = self.send(people, &mut turn, &mut case).await;
            self.cases.borrow_mut().push(case);
            if lost {
                return;
            }
        }
    }

    /// Sends a case's writes in order; `true` when the phone gave up.
    async fn send(&self, people: &[People], turn: &mut usize, case: &mut Case) -> bool {
        for (write, known) in &mut case.writes {
            if self.is_over() {
                return false;
            }
            self.left.set(self.left.get() - 1);
            *known = Known::Unknown;
            let insisting = Instant::now();
            loop {
                *turn += 1;
                let asked = Instant::now();
                let reply = people[*turn % people.len()].send(&case.id, write).await;
                self.slowest.set(self.slowest.get().max(asked.elapsed()));
                match reply {
                    Some(reply) if reply.acknowledges() => break,
                    _ if insisting.elapsed() > Duration::from_secs(120) => {
                        self.wrong.borrow_mut().push(format!("{}: no yes in two minutes", write.name()));
                        return true;
                    }
                    None if self.manners == Manners::Stop => return true,
                    Some(reply) if !self.may_try_again(&reply) => {
                        self.wrong.borrow_mut().push(format!("{}: {}", write.name(), reply.told()));
                        return true;
                    }
                    // A phone's pause before it tries again.
                    _ => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
            *known = Known::Acknowledged;
            self.acknowledged.set(self.acknowledged.get() + 1);
            if self.acknowledged.get() == self.tell_at {
                self.reached.notify_one();
            }
        }
        false
    }

    fn may_try_again(&self, reply: &Reply) -> bool {
        let busy = reply.is_busy();
        self.busy.set(self.busy.get() + usize::from(busy));
        busy
    }

    pub fn into_parts(self) -> (Vec<Case>, Vec<String>) {
        (self.cases.into_inner(), self.wrong.into_inner())
    }
}
