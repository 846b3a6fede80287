//! Runs all checks, and says how far it is.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use harness::cluster::Cluster;
use harness::{Distance, build_kcc_cache};

use crate::checks::{CHECKS, Setting};
use crate::client::Client;
use crate::outcome::{Demand, Outcome};
use crate::short_life::short_life;
use crate::user::{Front, Setup};

/// How far away the server is: one on the same machine answers sooner than servers do.
const DELAY: Duration = Duration::from_millis(10);
/// Much of it is waiting, but eight processes at once are enough for two cores.
const WORKERS: usize = 3;

/// The last check, which is mostly waiting: all clients do it at once.
pub(crate) const SHORT_LIFE: &str = "tokens of 30 s";

/// All checks in the order of the tables, each with its demand.
pub(crate) fn columns() -> impl Iterator<Item = (&'static str, Demand)> {
    let checks = CHECKS.iter().map(|check| (check.name, check.demand));
    checks.chain([(SHORT_LIFE, Demand::AsAlone)])
}

/// What each check came to: by the client's place in the list, the check and the setting.
pub(crate) type Cells = BTreeMap<(usize, &'static str, Front), Outcome>;

/// Everything that the checks need.
pub(crate) struct Bench<'a> {
    cluster: &'a Cluster,
    distance: Distance,
    kcc_cache: PathBuf,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Result<Self> {
        let server = cluster.server_url().trim_start_matches("https://");
        Ok(Self {
            cluster,
            distance: Distance::to(server.parse()?, DELAY)?,
            kcc_cache: build_kcc_cache()?,
        })
    }

    pub(crate) fn run(&self, clients: &[Client]) -> Cells {
        let fronts = [Front::Alone, Front::Cache];
        let settings = (0..clients.len()).flat_map(|client| fronts.map(|front| (client, front)));
        let settings: Vec<_> = settings.collect();
        let (cells, next) = (Mutex::new(Cells::new()), AtomicUsize::new(0));
        let total = settings.len() * (CHECKS.len() + 1);
        let record = |client: usize, check, front, outcome: Result<Outcome>| {
            let outcome = outcome.unwrap_or_else(|error| Outcome::Broken(format!("{error:#}")));
            let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
            let (name, done) = (clients[client].name, cells.len() + 1);
            say(&format!(
                "{done}/{total} {name}, {front:?}: {check}: {}",
                told(&outcome)
            ));
            cells.insert((client, check, front), outcome);
        };
        let on = |(client, front): (usize, Front)| Setting {
            setup: self.setup(),
            client: &clients[client],
            front,
        };
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Some(&setting) = settings.get(next.fetch_add(1, Ordering::SeqCst)) {
                        for check in &CHECKS {
                            record(setting.0, check.name, setting.1, (check.run)(&on(setting)));
                        }
                    }
                });
            }
        });
        thread::scope(|scope| {
            for &setting in &settings {
                let (record, on) = (&record, &on);
                scope.spawn(move || {
                    record(setting.0, SHORT_LIFE, setting.1, short_life(&on(setting)));
                });
            }
        });
        cells.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn setup(&self) -> Setup<'_> {
        Setup {
            cluster: self.cluster,
            server: self.distance.address(),
            kcc_cache: &self.kcc_cache,
        }
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Broken(heard) => format!("no: {heard}"),
        other => other.to_string(),
    }
}

/// One line for people.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
