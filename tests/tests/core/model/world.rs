//! One case: a server, a feed, views upon views, and those who watch them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kcache::{Feed, Filter, Input, Key, Publisher, View};

use super::server::{Server, bad};
use crate::conditions::Condition;
use crate::coverage::{Coverage, Outcome};
use crate::forms::{Form, Spec, read};
use crate::observer::Observer;
use crate::random::Random;

/// The conditions that an object must meet to be seen somewhere; none where there is no filter yet.
type Chain = Vec<Option<Condition>>;

/// A publisher, and what lies between it and the feed.
struct Station<V: Form> {
    publisher: Publisher<V>,
    /// The view that it is, if it is not the first.
    view: Option<View<V>>,
    /// The station that it stands on.
    parent: usize,
    condition: Option<Condition>,
}

pub(crate) struct World<V: Form> {
    random: Random,
    server: Server,
    feed: Feed<V>,
    stations: Vec<Station<V>>,
    /// Those who watch, each with the station that it watches.
    observers: Vec<(usize, Observer<V>)>,
    /// A new history began, and views may still show the old one.
    between: bool,
    coverage: Coverage,
}

impl<V: Form> World<V> {
    pub(crate) fn new(random: Random) -> Self {
        let (publisher, feed) = kcache::feed();
        let first = Station {
            publisher,
            view: None,
            parent: 0,
            condition: Some(Condition::Everything),
        };
        Self {
            random,
            server: Server::default(),
            feed,
            stations: vec![first],
            observers: Vec::new(),
            between: false,
            coverage: Coverage::default(),
        }
    }

    pub(crate) async fn step(&mut self) -> Result<(), String> {
        let told = match self.random.below(30) {
            0..8 => self.server.news(&mut self.random),
            8..10 => self.batch(),
            10 => self.miss(),
            11 => self.repeat(true, "duplicate"),
            12 => self.repeat(false, "replay"),
            13 | 14 => self.relist(),
            15 => self.restore(),
            16 => self.trouble(),
            17 | 18 => self.observe(),
            19 | 20 => self.refilter(),
            21 => self.open_view(),
            22 => self.refilter_view(),
            23 => self.stall(),
            24 => self.panic(),
            25 => self.close(),
            26 => {
                tokio::task::yield_now().await;
                Vec::new()
            }
            _ => return self.check().await,
        };
        self.feed.send_all(told).map_err(|error| error.to_string())
    }

    /// Everyone goes on, and ends with what a late one sees.
    pub(crate) async fn finish(mut self) -> Outcome {
        self.observers
            .iter()
            .for_each(|(_, observer)| observer.watcher.stall(false));
        let list = self.server.list::<V>(&mut self.random, &mut self.coverage);
        self.feed
            .send_all(list)
            .map_err(|error| error.to_string())?;
        self.check().await?;
        for (_, observer) in std::mem::take(&mut self.observers) {
            observer.retire(&mut self.coverage);
        }
        Ok(self.coverage)
    }

    fn batch(&mut self) -> Vec<Input<V>> {
        self.coverage.count("batch");
        let many = 1 + self.random.below(6);
        (0..many)
            .flat_map(|_| self.server.news(&mut self.random))
            .collect()
    }

    fn miss(&mut self) -> Vec<Input<V>> {
        self.coverage.count("missed");
        self.server.miss(&mut self.random);
        Vec::new()
    }

    fn repeat(&mut self, last: bool, kind: &'static str) -> Vec<Input<V>> {
        let ready = self.stations[0].publisher.status().phase.is_ready();
        // In the first list there is nothing that could be older.
        let repeated = self.server.repeat(&mut self.random, last).filter(|_| ready);
        if repeated.is_some() {
            self.coverage.count(kind);
        }
        repeated.into_iter().collect()
    }

    fn relist(&mut self) -> Vec<Input<V>> {
        self.coverage.count("relist");
        self.server.list(&mut self.random, &mut self.coverage)
    }

    fn restore(&mut self) -> Vec<Input<V>> {
        let before = self.server.version();
        if before < 20 {
            return Vec::new();
        }
        self.coverage.count("new history");
        self.server.restore(&mut self.random);
        self.observers
            .iter()
            .for_each(|(_, observer)| observer.watcher.forget_versions());
        self.between = true;
        let mut inputs = vec![Input::Bookmark(before.to_string()), Input::Restart];
        inputs.extend(self.server.told_anew());
        inputs
    }

    fn trouble(&mut self) -> Vec<Input<V>> {
        if self.random.chance(1, 2) {
            self.coverage.count("degraded");
            vec![Input::Failed("no server".to_owned())]
        } else {
            self.coverage.count("bad object");
            vec![bad(None)]
        }
    }

    fn observe(&mut self) -> Vec<Input<V>> {
        let station = self.random.below(self.stations.len());
        let publisher = &self.stations[station].publisher;
        let observer = Observer::start(publisher, &mut self.random, &mut self.coverage);
        if self.between {
            observer.watcher.forget_versions();
        }
        self.observers.push((station, observer));
        Vec::new()
    }

    fn refilter(&mut self) -> Vec<Input<V>> {
        if !self.observers.is_empty() {
            let place = self.random.below(self.observers.len());
            let (_, observer) = &mut self.observers[place];
            observer.refilter(&mut self.random, &mut self.coverage);
        }
        Vec::new()
    }

    fn panic(&mut self) -> Vec<Input<V>> {
        if !self.observers.is_empty() {
            let place = self.random.below(self.observers.len());
            let (_, observer) = &mut self.observers[place];
            observer.panic(&mut self.coverage);
        }
        Vec::new()
    }

    fn open_view(&mut self) -> Vec<Input<V>> {
        if self.stations.len() > 5 {
            return Vec::new();
        }
        let parent = self.random.below(self.stations.len());
        let source = &self.stations[parent].publisher;
        let condition = Condition::any(&mut self.random);
        let condition = self.random.chance(3, 4).then_some(condition);
        let view = match &condition {
            Some(condition) => source.view(condition.build()),
            None => source.view_deferred(),
        };
        self.coverage
            .count(if parent == 0 { "view" } else { "view of view" });
        self.stations.push(Station {
            publisher: (*view).clone(),
            view: Some(view),
            parent,
            condition,
        });
        Vec::new()
    }

    fn refilter_view(&mut self) -> Vec<Input<V>> {
        let place = self.random.below(self.stations.len());
        let station = &mut self.stations[place];
        let Some(view) = &station.view else {
            return Vec::new();
        };
        let condition = Condition::any(&mut self.random);
        if view.refilter(condition.build()).is_ok() {
            self.coverage.count("view refilter");
            station.condition = Some(condition);
        }
        Vec::new()
    }

    fn stall(&mut self) -> Vec<Input<V>> {
        for (_, observer) in &self.observers {
            observer.stall_or_go(&mut self.random, &mut self.coverage);
        }
        Vec::new()
    }

    fn close(&mut self) -> Vec<Input<V>> {
        if !self.observers.is_empty() {
            self.coverage.count("close");
            let place = self.random.below(self.observers.len());
            let (_, closed) = self.observers.swap_remove(place);
            closed.watcher.control.close();
            closed.retire(&mut self.coverage);
        }
        Vec::new()
    }

    /// Waits until nothing moves, and compares everything with a recomputation.
    async fn check(&mut self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.between = false;
        for place in 0..self.stations.len() {
            let want = self.visible(&self.chain(place));
            let list = self.stations[place].publisher.cache().list();
            let have: BTreeMap<_, _> = list.iter().map(named).collect();
            if have != want {
                return Err(format!("station {place} has {have:?} instead of {want:?}"));
            }
        }
        let mut coverage = std::mem::take(&mut self.coverage);
        for (station, observer) in std::mem::take(&mut self.observers) {
            let chain = self.chain(station);
            let visible = |condition: Option<&Condition>| {
                let last = [condition.cloned()];
                self.visible(&[&chain[..], &last].concat())
            };
            if observer.check(visible, &mut coverage)? {
                self.observers.push((station, observer));
            } else {
                observer.retire(&mut coverage);
            }
        }
        self.coverage = coverage;
        Ok(())
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

    fn visible(&self, chain: &[Option<Condition>]) -> BTreeMap<Key, Spec> {
        let ready = self.stations[0].publisher.status().phase.is_ready();
        let sees = |spec: &Spec| {
            ready
                && chain
                    .iter()
                    .all(|condition| condition.as_ref().is_some_and(|c| c.accepts(spec)))
        };
        let told = self.server.told.iter().filter(|(_, spec)| sees(spec));
        told.map(|(key, spec)| (key.clone(), spec.clone()))
            .collect()
    }
}

fn named<V: Form>(object: &Arc<V>) -> (Key, Spec) {
    (Key::of(&**object), read(&**object))
}

/// The filter of a condition prints and compares.
#[test]
fn filters_of_data_compare_by_what_they_say() {
    let mut random = Random::new(7);
    for _ in 0..500 {
        let condition = Condition::any(&mut random);
        let (a, b): (Filter<crate::forms::Own>, Filter<_>) = (condition.build(), condition.build());
        let closure = a.to_string().contains("by even");
        assert_eq!(a == b, !closure, "{a}");
        assert_eq!(a, a.clone());
        assert_eq!(a.to_string(), b.to_string());
    }
}
