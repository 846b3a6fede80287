//! A subscriber that comes at some moment, is refiltered, stalls, lags, panics and goes.

use std::collections::BTreeMap;

use harness::Random;
use kcache::{Error, Key, Overflow, Publisher, SubscribeOptions};

use crate::conditions::{Condition, PANIC};
use crate::coverage::Coverage;
use crate::forms::{Form, Spec};
use crate::replay::Watcher;

pub(crate) struct Observer<V: Form> {
    pub(crate) watcher: Watcher<V>,
    condition: Option<Condition>,
    overflow: Overflow,
    /// Was refiltered by a fickle closure, of which only the steps can be judged.
    fickle: bool,
    /// Was refiltered by a closure that panics, which it may have met before the next refilter.
    may_panic: bool,
}

impl<V: Form> Observer<V> {
    pub(crate) fn start(
        publisher: &Publisher<V>,
        random: &mut Random,
        coverage: &mut Coverage,
    ) -> Self {
        // What lets nothing in neither lags nor shows a wrong event.
        let condition = match random.below(2) {
            0 => Condition::Everything,
            _ => Condition::any(random),
        };
        let overflow = *random.pick(&[Overflow::Merge, Overflow::End]);
        // With two objects being many, starts are read in portions.
        let (queue, many) = *random.pick(&[(1, 2), (1, 512), (1, 512), (3, 512), (256, 2)]);
        let options = SubscribeOptions::default()
            .queue(queue)
            .many(many)
            .overflow(overflow);
        let deferred = random.chance(1, 4);
        let options = if deferred {
            options.deferred()
        } else {
            options.filter(condition.build())
        };
        coverage.count(if deferred {
            "deferred"
        } else {
            "late subscriber"
        });
        Self {
            watcher: Watcher::start(publisher.subscribe_options(options)),
            condition: (!deferred).then_some(condition),
            overflow,
            fickle: false,
            may_panic: false,
        }
    }

    /// Refilters it, perhaps by a closure that says what it likes.
    pub(crate) fn refilter(&mut self, random: &mut Random, coverage: &mut Coverage) {
        let condition = match random.below(12) {
            0 => Condition::Fickle,
            _ => Condition::any(random),
        };
        self.refilter_to(condition, "refilter", coverage);
    }

    pub(crate) fn panic(&mut self, coverage: &mut Coverage) {
        self.refilter_to(Condition::Panics("web".to_owned()), "panic", coverage);
    }

    fn refilter_to(&mut self, condition: Condition, kind: &'static str, coverage: &mut Coverage) {
        if self.watcher.control.refilter(condition.build()).is_ok() {
            coverage.count(kind);
            self.fickle = condition.is_fickle();
            self.may_panic |= matches!(condition, Condition::Panics(_));
            self.condition = Some(condition);
        }
    }

    /// Stops taking events, or goes on.
    pub(crate) fn stall_or_go(&self, random: &mut Random, coverage: &mut Coverage) {
        let stall = random.chance(1, 2);
        self.watcher.stall(stall);
        if stall {
            coverage.count("stall");
        }
    }

    /// Returns whether it goes on, given what is visible under a condition.
    pub(crate) fn check(
        &self,
        visible: impl Fn(Option<&Condition>) -> BTreeMap<Key, Spec>,
        coverage: &mut Coverage,
    ) -> Result<bool, String> {
        let illegal = self.watcher.with(|replay| replay.illegal().join("; "));
        if !illegal.is_empty() {
            return Err(illegal);
        }
        if let Some(error) = self.watcher.with(|replay| replay.ended.clone()) {
            let may = match &error {
                Error::Panicked(text) => self.may_panic && &**text == PANIC,
                Error::Lagged { .. } => self.overflow == Overflow::End,
                _ => false,
            };
            if matches!(error, Error::Lagged { .. }) {
                coverage.count("lag error");
            }
            return if may {
                Ok(false)
            } else {
                Err(format!("ended: {error}"))
            };
        }
        if !self.watcher.is_stalled() && !self.fickle {
            self.watcher.compare(&visible(self.condition.as_ref()))?;
        }
        self.is_bounded()
    }

    /// No more waits than a queue and an entry a key. (A refilter's own changes are not queued away
    /// from one who wants every change.)
    fn is_bounded(&self) -> Result<bool, String> {
        let waiting = self.watcher.control.status().waiting;
        if self.overflow == Overflow::Merge && waiting > 256 + 24 {
            return Err(format!("{waiting} changes wait"));
        }
        Ok(true)
    }

    /// What it has seen is counted before it goes.
    pub(crate) fn retire(&self, coverage: &mut Coverage) {
        self.watcher.with(|replay| coverage.add(&replay.coverage));
        if self.watcher.control.status().lags > 0 {
            coverage.count("lag");
        }
    }
}
