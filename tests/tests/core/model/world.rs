//! One case: a server, a feed, and what is derived from it.

use std::time::Duration;

use harness::Random;
use kcache::{Feed, Filter, Input};

use super::server::{Server, bad};
use crate::audience::Audience;
use crate::conditions::Condition;
use crate::coverage::{Coverage, Outcome};
use crate::forms::Form;

pub(crate) struct World<V: Form> {
    random: Random,
    server: Server,
    feed: Feed<V>,
    audience: Audience<V>,
    coverage: Coverage,
}

impl<V: Form> World<V> {
    pub(crate) fn new(random: Random) -> Self {
        let (publisher, feed) = kcache::feed();
        Self {
            random,
            server: Server::default(),
            feed,
            audience: Audience::of(publisher),
            coverage: Coverage::default(),
        }
    }

    pub(crate) async fn step(&mut self) -> Result<(), String> {
        let told = match self.random.below(38) {
            30 => self.late(),
            31 => {
                self.server.back_up();
                Vec::new()
            }
            32 => self.restore_ahead(),
            33..36 => self.access(),
            36 => self.other(),
            37 => self.convert(),
            0..8 => self.server.news(&mut self.random),
            8..10 => self.batch(),
            10 => self.miss(),
            11 => self.repeat(true, "duplicate"),
            12 => self.repeat(false, "replay"),
            13 | 14 => self.relist(),
            15 => self.restore(),
            16 => self.trouble(),
            17..26 => {
                self.audience.act(&mut self.random, &mut self.coverage);
                Vec::new()
            }
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
        self.audience.wake();
        let list = self.server.list::<V>(&mut self.random, &mut self.coverage);
        self.feed
            .send_all(list)
            .map_err(|error| error.to_string())?;
        self.check().await?;
        self.audience.leave(&mut self.coverage);
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
        let ready = self.audience.source().status().phase.is_ready();
        // Before the first list nothing was told.
        let repeated = self.server.repeat(&mut self.random, last).filter(|_| ready);
        if repeated.is_some() {
            self.coverage.count(kind);
            self.audience.begin_incarnation();
        }
        repeated.into_iter().collect()
    }

    fn late(&mut self) -> Vec<Input<V>> {
        let told = self.server.late(&mut self.random);
        if !told.is_empty() {
            self.coverage.count("late version");
            self.audience.begin_incarnation();
        }
        told
    }

    fn access(&mut self) -> Vec<Input<V>> {
        let (granted, told) = self.server.access(&mut self.random);
        if granted {
            self.coverage.count("granted late");
        }
        told
    }

    fn other(&mut self) -> Vec<Input<V>> {
        let told = self.server.other(&mut self.random);
        if !told.is_empty() {
            self.coverage.count("other at an old version");
        }
        told
    }

    /// The next list shows it.
    fn convert(&mut self) -> Vec<Input<V>> {
        self.coverage.count("same version, other content");
        self.server.convert(&mut self.random);
        let mut inputs = vec![Input::Restart];
        inputs.extend(self.server.told_anew());
        inputs
    }

    /// A restore with a version that is far ahead shows by nothing but its objects.
    fn restore_ahead(&mut self) -> Vec<Input<V>> {
        self.coverage.count("restored ahead");
        self.server.restore_ahead();
        self.audience.begin_incarnation();
        let mut inputs = vec![Input::Restart];
        inputs.extend(self.server.told_anew());
        inputs
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
        self.coverage.count("new incarnation");
        self.server.restore(&mut self.random);
        self.audience.begin_incarnation();
        let mut inputs = vec![Input::Bookmark(before.to_string()), Input::Restart];
        inputs.extend(self.server.told_anew());
        inputs
    }

    fn trouble(&mut self) -> Vec<Input<V>> {
        if self.random.chance(1, 2) {
            self.coverage.count("degraded");
            vec![Input::Failed("no server".into())]
        } else {
            self.coverage.count("bad object");
            vec![bad(None)]
        }
    }

    /// Waits until nothing moves, and compares everything with a recomputation.
    async fn check(&mut self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.audience.check(&self.server.told, &mut self.coverage)
    }
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
