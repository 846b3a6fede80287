//! Those who watch one publisher of a reference model.

use std::collections::BTreeMap;

use harness::Random;
use kcache::{Key, Publisher};

use crate::conditions::Condition;
use crate::coverage::Coverage;
use crate::forms::{Form, Spec};
use crate::observer::Observer;
use crate::replay::Watcher;

pub(crate) struct Watched<V: Form> {
    /// Who was there from the start, and takes everything.
    first: Watcher<V>,
    pub(crate) observers: Vec<Observer<V>>,
}

impl<V: Form> Watched<V> {
    pub(crate) fn start(publisher: &Publisher<V>) -> Self {
        Self {
            first: Watcher::start(publisher.subscribe()),
            observers: Vec::new(),
        }
    }

    /// One more comes.
    pub(crate) fn admit(
        &mut self,
        publisher: &Publisher<V>,
        random: &mut Random,
        coverage: &mut Coverage,
    ) {
        let observer = Observer::start(publisher, random, coverage);
        self.observers.push(observer);
    }

    /// What comes may be older than what came before.
    pub(crate) fn forget_versions(&self) {
        self.first.forget_versions();
        for observer in &self.observers {
            observer.watcher.forget_versions();
        }
    }

    /// Who stalls goes on.
    pub(crate) fn go_on(&self) {
        for observer in &self.observers {
            observer.watcher.stall(false);
        }
    }

    /// Compares what each has with what the publisher has. Who ended, as it may, is retired.
    pub(crate) fn compare(
        &mut self,
        state: &BTreeMap<Key, Spec>,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        self.first.compare(state)?;
        let visible = |condition: Option<&Condition>| {
            let accepts = |spec: &Spec| condition.is_some_and(|condition| condition.accepts(spec));
            let visible = state.iter().filter(|(_, spec)| accepts(spec));
            visible
                .map(|(key, spec)| (key.clone(), spec.clone()))
                .collect()
        };
        for observer in std::mem::take(&mut self.observers) {
            if observer.check(visible, coverage)? {
                self.observers.push(observer);
            } else {
                observer.retire(coverage);
            }
        }
        Ok(())
    }

    /// What all have seen is counted before they go.
    pub(crate) fn retire(&self, coverage: &mut Coverage) {
        self.first.with(|replay| coverage.add(&replay.coverage));
        for observer in &self.observers {
            observer.retire(coverage);
        }
    }
}
