//! A replica, its clock, and its way to the store.

use std::sync::Arc;
use std::time::Duration;

use super::happened::Happened;
use super::random::Random;
use super::store::Store;
use crate::lease::Timing;
use crate::replicas::protocol::{Answer, Protocol, Step};
use crate::replicas::slots::Slots;

const FAR: Duration = Duration::from_secs(1 << 32);

#[derive(Debug)]
pub(super) struct Replica {
    name: Arc<str>,
    instance: Arc<str>,
    protocol: Protocol,
    timing: Timing,
    /// Its clock: how far it is ahead, and its rate in thousandths.
    ahead: Duration,
    rate: u32,
    /// Nothing takes long any more.
    calm: bool,
    paused: Option<Duration>,
    cut_off: Option<Duration>,
    flight: Option<Flight>,
    /// Requests that nobody waits for any longer, and that come to the store all the same.
    strays: Vec<(Duration, Step)>,
    /// Up to where of the store's log it has seen, and when it looks next.
    seen: usize,
    looks: Duration,
    wakes: Duration,
    /// Slots on which work ends at a moment.
    releases: Vec<(Duration, Slots)>,
    releasing: Slots,
    left: bool,
    happened: Happened,
    owned: Slots,
}

/// A request on its way.
#[derive(Debug)]
struct Flight {
    step: Step,
    /// By the clock of the replica.
    sent: Duration,
    /// When it comes to the store, if it does.
    applied: Duration,
    answer: Option<Answer>,
    answered: Duration,
    gives_up: Duration,
}

impl Replica {
    pub(super) fn new(name: &str, number: usize, now: Duration, random: &mut Random) -> Self {
        let (name, instance): (Arc<str>, Arc<str>) = (name.into(), number.to_string().into());
        let timing = Timing::default();
        Self {
            protocol: Protocol::new(name.clone(), instance.clone(), timing),
            name,
            instance,
            timing,
            ahead: random.between(0, 1_000_000),
            rate: 850 + u32::try_from(random.below(300)).unwrap_or_default(),
            calm: false,
            paused: None,
            cut_off: None,
            flight: None,
            strays: vec![],
            seen: 0,
            looks: now,
            wakes: now,
            releases: vec![],
            releasing: Slots::NONE,
            left: false,
            happened: Happened::new(),
            owned: Slots::NONE,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// By the replica's own clock.
    fn clock(&self, now: Duration) -> Duration {
        now * self.rate / 1_000 + self.ahead
    }

    /// A moment of the replica's own clock, rounded up.
    fn global(&self, local: Duration) -> Duration {
        local.saturating_sub(self.ahead) * 1_000 / self.rate + Duration::from_micros(1)
    }

    pub(super) fn owned(&self, now: Duration) -> Slots {
        if self.left {
            return Slots::NONE;
        }
        self.protocol.owned(self.clock(now))
    }

    pub(super) fn is_settled(&self, now: Duration) -> bool {
        self.protocol.is_taken() || self.protocol.is_settled(self.clock(now))
    }

    pub(super) fn has_left(&self) -> bool {
        self.left
    }

    /// True if nothing of it will come to the store any longer.
    pub(super) fn is_over(&self) -> bool {
        self.left && self.strays.is_empty()
    }

    pub(super) fn count(&self, all: &mut Happened) {
        let lapsed = [("lapsed", self.protocol.lapses())];
        for (kind, count) in self
            .happened
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .chain(lapsed)
        {
            *all.entry(kind).or_default() += count;
        }
    }

    pub(super) fn pause(&mut self, until: Duration) {
        self.paused = self.paused.max(Some(until));
    }

    pub(super) fn cut_off(&mut self, until: Duration) {
        self.cut_off = self.cut_off.max(Some(until));
    }

    pub(super) fn heal(&mut self) {
        (self.paused, self.cut_off, self.calm) = (None, None, true);
    }

    pub(super) fn leave(&mut self, now: Duration) {
        self.protocol.leave(self.clock(now));
        self.wakes = now;
    }

    /// When something of it happens next.
    pub(super) fn next_event(&self) -> Duration {
        let strays = self.strays.iter().map(|(at, _)| *at).min().unwrap_or(FAR);
        if self.left {
            return strays;
        }
        let flight = self.flight.as_ref();
        let arrives = flight.filter(|flight| flight.answer.is_none());
        let arrives = arrives.map_or(FAR, |flight| flight.applied).min(strays);
        let answered = flight.map_or(FAR, |flight| flight.answered.min(flight.gives_up));
        let releases = self.releases.iter().map(|(at, _)| *at).min().unwrap_or(FAR);
        let own = self.wakes.min(self.looks).min(answered).min(releases);
        // What is in the network goes on while the process is paused.
        arrives.min(own.max(self.paused.unwrap_or_default()))
    }

    /// Something of it happens.
    pub(super) fn act(&mut self, now: Duration, store: &mut Store, random: &mut Random) {
        self.arrive(now, store);
        if self.left || self.paused.is_some_and(|end| now < end) {
            return;
        }
        self.paused = None;
        if self.cut_off.is_some_and(|end| now >= end) {
            self.cut_off = None;
        }
        // In any order.
        let first = random.below(3);
        for turn in 0..3 {
            match (first + turn) % 3 {
                0 => self.answered(now),
                1 => self.look(now, store, random),
                _ => self.end_work(now),
            }
        }
        self.go_on(now, random);
        self.observe_own(now);
    }

    /// Goes without a word; what is on its way to the store comes there.
    pub(super) fn kill(&mut self) {
        self.left = true;
        if let Some(flight) = self.flight.take()
            && flight.answer.is_none()
        {
            self.stray(flight.applied, flight.step);
        }
    }

    fn stray(&mut self, applied: Duration, step: Step) {
        if applied < FAR {
            self.strays.push((applied, step));
        }
    }

    /// Requests come to the store.
    fn arrive(&mut self, now: Duration, store: &mut Store) {
        let (due, later) = self.strays.drain(..).partition(|(at, _)| *at <= now);
        self.strays = later;
        let due: Vec<(Duration, Step)> = due;
        for (_, step) in &due {
            store.apply(step, &self.name, &self.instance, self.timing.lease);
        }
        if let Some(flight) = &mut self.flight
            && flight.answer.is_none()
            && flight.applied <= now
        {
            let answer = store.apply(&flight.step, &self.name, &self.instance, self.timing.lease);
            flight.answer = Some(answer);
        }
    }

    fn answered(&mut self, now: Duration) {
        let Some(flight) = self.flight.take_if(|flight| {
            let answered = flight.answer.is_some() && flight.answered <= now;
            answered || flight.gives_up <= now
        }) else {
            return;
        };
        let answer = match flight.answer {
            Some(answer) if flight.answered <= now => answer,
            Some(_) => Answer::Failed,
            None => {
                self.stray(flight.applied, flight.step.clone());
                Answer::Failed
            }
        };
        let before = (self.protocol.members(), self.protocol.pending());
        let is_list = matches!(answer, Answer::Listed(_));
        let clock = self.clock(now);
        self.protocol
            .answered(&flight.step, flight.sent, clock, answer);
        if is_list {
            let gone = before.0.difference(&self.protocol.members()).count();
            self.happens("found dead", gone as u64);
            let (owned, pending) = (self.protocol.owned(clock), self.protocol.pending());
            self.happens("withdrawn", (before.1 - owned - pending).len().into());
        }
    }

    /// Sees some of what was logged.
    fn look(&mut self, now: Duration, store: &Store, random: &mut Random) {
        if now < self.looks {
            return;
        }
        self.looks = now + random.between(5, 400);
        if self.cut_off.is_some() {
            return;
        }
        if random.below(50) == 0 && !self.calm {
            self.looks = now + random.between(1_000, 30_000);
        }
        let clock = self.clock(now);
        let end = (self.seen + 1 + random.below(10)).min(store.log.len());
        for logged in &store.log[self.seen..end] {
            match logged {
                Ok(entry) => self.protocol.observed(clock, entry.clone()),
                Err(name) => self.protocol.gone(clock, name),
            }
        }
        self.seen = end;
    }

    fn end_work(&mut self, now: Duration) {
        let (due, later) = self.releases.drain(..).partition(|(at, _)| *at <= now);
        self.releases = later;
        let due: Vec<(Duration, Slots)> = due;
        for (_, slots) in due {
            self.releasing = self.releasing - slots;
            self.protocol.released(self.clock(now), slots);
        }
    }

    /// Does what is next.
    fn go_on(&mut self, now: Duration, random: &mut Random) {
        let clock = self.clock(now);
        self.wakes = FAR;
        if self.flight.is_none() {
            match self.protocol.next(clock) {
                Step::Wait(until) => {
                    let soon = now + Duration::from_millis(1);
                    self.wakes = self.global(until).max(soon);
                }
                Step::Left => self.left = true,
                step => self.send(step, now, random),
            }
        }
        let new = self.protocol.releasing() - self.releasing;
        if !new.is_empty() {
            self.releasing = self.releasing | new;
            let most = [50, 2_000, 20_000][random.below(if self.calm { 2 } else { 3 })];
            self.releases.push((now + random.between(1, most), new));
        }
    }

    fn send(&mut self, step: Step, now: Duration, random: &mut Random) {
        let mut way = || match random.below(30) {
            0 if !self.calm => random.between(1_000, 20_000),
            _ => random.between(1, 60),
        };
        let (there, back) = (way(), way());
        let (mut applied, mut answered) = (now + there, now + there + back);
        if let Some(end) = self.cut_off {
            // What is sent is lost, or comes late; or only its answer is lost.
            match random.below(3) {
                0 => (applied, answered) = (FAR, FAR),
                1 => (applied, answered) = (end + there, end + there + back),
                _ => answered = FAR,
            }
        }
        self.flight = Some(Flight {
            sent: self.clock(now),
            step,
            applied,
            answer: None,
            answered,
            gives_up: self.global(self.clock(now) + self.timing.request()),
        });
    }

    fn observe_own(&mut self, now: Duration) {
        let owned = self.owned(now);
        let (gained, lost) = (owned - self.owned, self.owned - owned);
        self.owned = owned;
        self.happens("gained", gained.len().into());
        self.happens("lost", lost.len().into());
    }

    fn happens(&mut self, what: &'static str, times: u64) {
        *self.happened.entry(what).or_default() += times;
    }
}
