//! What is derived from a source: views of views, and their readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use harness::Random;
use kcache::{Key, Publisher, View};

use crate::conditions::Condition;
use crate::coverage::Coverage;
use crate::forms::{Form, Spec, read};
use crate::observer::Observer;

/// The conditions that an object must meet to be seen somewhere; none where there is no filter yet.
type Chain = Vec<Option<Condition>>;

/// A publisher, and what lies between it and the source.
struct Station<V: Form> {
    publisher: Publisher<V>,
    /// The view that it is, if it is not the first.
    view: Option<View<V>>,
    /// The station that it is derived from.
    parent: usize,
    condition: Option<Condition>,
}

pub(crate) struct Audience<V: Form> {
    stations: Vec<Station<V>>,
    /// Those who watch, each with the station that it watches.
    observers: Vec<(usize, Observer<V>)>,
    /// A new incarnation began, and views may still show the old one.
    between: bool,
}

impl<V: Form> Audience<V> {
    pub(crate) fn of(publisher: Publisher<V>) -> Self {
        let first = Station {
            publisher,
            view: None,
            parent: 0,
            condition: Some(Condition::Everything),
        };
        Self {
            stations: vec![first],
            observers: Vec::new(),
            between: false,
        }
    }

    /// What all of them are derived from.
    pub(crate) fn source(&self) -> &Publisher<V> {
        &self.stations[0].publisher
    }

    /// Somebody does something; one of seven things.
    pub(crate) fn act(&mut self, random: &mut Random, coverage: &mut Coverage) {
        match random.below(9) {
            0 | 1 => self.observe(random, coverage),
            2 | 3 => self.refilter(random, coverage),
            4 => self.open_view(random, coverage),
            5 => self.refilter_view(random, coverage),
            6 => self.stall(random, coverage),
            7 => self.panic(random, coverage),
            _ => self.close(random, coverage),
        }
    }

    /// A new incarnation begins: until the next check versions may go back.
    pub(crate) fn begin_incarnation(&mut self) {
        self.between = true;
        for (_, observer) in &self.observers {
            observer.watcher.forget_versions();
        }
    }

    /// Everyone goes on.
    pub(crate) fn wake(&self) {
        for (_, observer) in &self.observers {
            observer.watcher.stall(false);
        }
    }

    /// All go, and what they have seen is counted.
    pub(crate) fn leave(&mut self, coverage: &mut Coverage) {
        for (_, observer) in std::mem::take(&mut self.observers) {
            observer.retire(coverage);
        }
    }

    /// When nothing moves: compares everyone with a recomputation of what the source should have.
    pub(crate) fn check(
        &mut self,
        told: &BTreeMap<Key, Spec>,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        self.between = false;
        for place in 0..self.stations.len() {
            let want = self.visible(told, &self.chain(place));
            let list = self.stations[place].publisher.cache().list();
            let have: BTreeMap<_, _> = list.iter().map(named).collect();
            if have != want {
                return Err(format!("station {place} has {have:?} instead of {want:?}"));
            }
        }
        for (station, observer) in std::mem::take(&mut self.observers) {
            let chain = self.chain(station);
            let visible = |condition: Option<&Condition>| {
                let last = [condition.cloned()];
                self.visible(told, &[&chain[..], &last].concat())
            };
            if observer.check(visible, coverage)? {
                self.observers.push((station, observer));
            } else {
                observer.retire(coverage);
            }
        }
        Ok(())
    }

    fn observe(&mut self, random: &mut Random, coverage: &mut Coverage) {
        let station = random.below(self.stations.len());
        let publisher = &self.stations[station].publisher;
        let observer = Observer::start(publisher, random, coverage);
        if self.between {
            observer.watcher.forget_versions();
        }
        self.observers.push((station, observer));
    }

    fn refilter(&mut self, random: &mut Random, coverage: &mut Coverage) {
        if let Some((_, observer)) = any_of(&mut self.observers, random) {
            observer.refilter(random, coverage);
        }
    }

    fn panic(&mut self, random: &mut Random, coverage: &mut Coverage) {
        if let Some((_, observer)) = any_of(&mut self.observers, random) {
            observer.panic(coverage);
        }
    }

    fn open_view(&mut self, random: &mut Random, coverage: &mut Coverage) {
        if self.stations.len() > 5 {
            return;
        }
        let parent = random.below(self.stations.len());
        let source = &self.stations[parent].publisher;
        let condition = Condition::any(random);
        let condition = random.chance(3, 4).then_some(condition);
        let view = match &condition {
            Some(condition) => source.view(condition.build()),
            None => source.view_deferred(),
        };
        coverage.count(if parent == 0 { "view" } else { "view of view" });
        self.stations.push(Station {
            publisher: (*view).clone(),
            view: Some(view),
            parent,
            condition,
        });
    }

    fn refilter_view(&mut self, random: &mut Random, coverage: &mut Coverage) {
        let place = random.below(self.stations.len());
        let station = &mut self.stations[place];
        let Some(view) = &station.view else { return };
        let condition = Condition::any(random);
        if view.refilter(condition.build()).is_ok() {
            coverage.count("view refilter");
            station.condition = Some(condition);
        }
    }

    fn stall(&mut self, random: &mut Random, coverage: &mut Coverage) {
        for (_, observer) in &self.observers {
            observer.stall_or_go(random, coverage);
        }
    }

    fn close(&mut self, random: &mut Random, coverage: &mut Coverage) {
        if self.observers.is_empty() {
            return;
        }
        coverage.count("close");
        let place = random.below(self.observers.len());
        let (_, closed) = self.observers.swap_remove(place);
        closed.watcher.control.close();
        closed.retire(coverage);
    }

    fn chain(&self, station: usize) -> Chain {
        let Station {
            parent, condition, ..
        } = &self.stations[station];
        let mut chain = if station == 0 {
            Chain::new()
        } else {
            self.chain(*parent)
        };
        chain.push(condition.clone());
        chain
    }

    fn visible(
        &self,
        told: &BTreeMap<Key, Spec>,
        chain: &[Option<Condition>],
    ) -> BTreeMap<Key, Spec> {
        let ready = self.source().status().phase.is_ready();
        let sees = |spec: &Spec| {
            ready
                && chain
                    .iter()
                    .all(|condition| condition.as_ref().is_some_and(|c| c.accepts(spec)))
        };
        let seen = told.iter().filter(|(_, spec)| sees(spec));
        seen.map(|(key, spec)| (key.clone(), spec.clone()))
            .collect()
    }
}

fn any_of<'a, T>(all: &'a mut [T], random: &mut Random) -> Option<&'a mut T> {
    if all.is_empty() {
        return None;
    }
    let place = random.below(all.len());
    all.get_mut(place)
}

fn named<V: Form>(object: &Arc<V>) -> (Key, Spec) {
    (Key::of(&**object), read(&**object))
}
