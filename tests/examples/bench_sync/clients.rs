//! The clients that are measured, each in a process of its own.

pub(crate) mod forms;
pub(crate) mod informers;
pub(crate) mod reflectors;

use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};

use anyhow::{Context, Result};
use kube::{Client, Config};

use crate::modes::Mode;
use crate::pods::{Pod, State};

/// What a client is run by.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    /// This program.
    Rust(Start),
    /// The Go program beside it, with these arguments.
    Go(&'static [&'static str]),
}

/// Starts a client of kube's.
pub(crate) type Start = fn(Client, Subscriber) -> Read;

/// What a client has.
pub(crate) type Read = Box<dyn Fn() -> State>;

/// Where a client tells what its subscriber saw.
pub(crate) struct Subscriber {
    /// The versions of the markers: one ends the updates, the other is new in the second list.
    markers: [String; 2],
    tell: Sender<Told>,
    updates: u64,
}

/// What a client tells of itself.
enum Told {
    /// The store is filled, and the subscriber knows of it.
    Synced,
    /// The subscriber has seen a marker, after so many updates.
    Done(u64),
}

impl Subscriber {
    fn synced(&self) -> Result<()> {
        Ok(self.tell.send(Told::Synced)?)
    }

    fn is_marker(&self, version: &str) -> bool {
        self.markers.iter().any(|marker| marker == version)
    }

    fn created(&self, version: &str) -> Result<()> {
        if self.is_marker(version) {
            self.tell.send(Told::Done(self.updates))?;
        }
        Ok(())
    }

    fn updated(&mut self) {
        self.updates += 1;
    }
}

/// Runs one client: says `synced`, then `done` with the number of updates that its subscriber got, and
/// `done` once more after the second list. After each it reads two lines: at the first it gives back what memory it can and says `collected`, at the
/// second it says what it has.
pub(crate) fn run(mode: &Mode, url: &str, count: usize) -> Result<()> {
    let Program::Rust(start) = mode.program else {
        anyhow::bail!("{} is another program", mode.name);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let _guard = runtime.enter();
    let client = Client::try_from(Config::new(url.parse()?))?;
    let (tell, told) = mpsc::channel();
    let subscriber = Subscriber {
        markers: [Pod::marker(count), Pod::second_marker(count)]
            .map(|marker| marker.version().to_string()),
        tell,
        updates: 0,
    };
    let read = start(client, subscriber);
    let mut lines = io::stdin().lines();
    let mut line = || lines.next().context("nobody wants to know");
    for _ in 0..3 {
        match told.recv().context("the client ended")? {
            Told::Synced => say("synced")?,
            Told::Done(updates) => say(&format!("done {updates}"))?,
        }
        line()??;
        say("collected")?;
        line()??;
        let State { count, sum } = read();
        say(&format!("{count} {sum}"))?;
    }
    drop(line());
    // What was built up is not taken down piece by piece.
    std::process::exit(0)
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
