//! The clients that are measured, each in a process of its own.

use std::io::{self, Write};
use std::pin::pin;
use std::sync::mpsc::{self, Sender};

use anyhow::{Context, Result};
use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1;
use kcache::{Event as Change, Informer, Subscription};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, reflector};
use kube::{Api, Client, Config};

use crate::pods::{Pod, Print};
use crate::server::NO_STREAMS;

/// What stands in a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// `reflector(writer, watcher(..))` as its documentation shows it.
    Kube,
    /// The same, with `managedFields` cleared by its user.
    KubeTrimmed,
    /// The same, with a streaming list.
    KubeTrimmedStreaming,
    /// `Informer::<Pod>` and one subscription, as their documentation shows them.
    Kcache,
    /// The same, from a server that does not stream lists.
    KcacheList,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] = [
        Self::Kube,
        Self::KubeTrimmed,
        Self::KubeTrimmedStreaming,
        Self::Kcache,
        Self::KcacheList,
    ];

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Kcache | Self::KcacheList)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kube => "kube-rs",
            Self::KubeTrimmed => "kube-rs, trimmed",
            Self::KubeTrimmedStreaming => "kube-rs, trimmed, streaming list",
            Self::Kcache => "kcache, streaming list",
            Self::KcacheList => "kcache, list",
        }
    }
}

/// What a client has, told by everything that can go wrong in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl State {
    /// What a client should have after the list, or after the updates and the marker.
    pub(crate) fn wanted(count: usize, updated: bool) -> Self {
        if updated {
            let pods = (0..count).map(|place| Pod::updated(place, count));
            pods.chain([Pod::marker(count)]).map(Pod::print).collect()
        } else {
            (0..count)
                .map(|number| Pod::listed(number).print())
                .collect()
        }
    }
}

impl FromIterator<u64> for State {
    fn from_iter<I: IntoIterator<Item = u64>>(prints: I) -> Self {
        prints
            .into_iter()
            .fold(Self::default(), |state, print| Self {
                count: state.count + 1,
                sum: state.sum.wrapping_add(print),
            })
    }
}

fn print(pod: &v1::Pod) -> u64 {
    let metadata = &pod.metadata;
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let print = Print {
        namespace: metadata.namespace.as_deref().unwrap_or_default(),
        name: metadata.name.as_deref().unwrap_or_default(),
        uid: metadata.uid.as_deref().unwrap_or_default(),
        version: version(pod),
        containers: containers.clone().count(),
        variables: containers
            .flat_map(|container| container.env.iter().flatten())
            .count(),
        ready: conditions
            .filter(|condition| condition.status == "True")
            .count()
            == 5,
    };
    print.hashed()
}

fn version(pod: &v1::Pod) -> &str {
    pod.metadata.resource_version.as_deref().unwrap_or_default()
}

/// What a client tells of itself.
enum Told {
    /// The store is filled, and the subscriber knows of it.
    Synced,
    /// The subscriber has seen the marker, after so many updates.
    Done(u64),
}

/// What a client answers to a line on its input: what it has.
type Read = Box<dyn Fn() -> State>;

/// Runs one client: says `synced`, then `done` with the number of updates that its subscriber got,
/// and after each, when it reads a line, what it has.
pub(crate) fn run(mode: Mode, url: &str, count: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let _guard = runtime.enter();
    let url = match mode {
        Mode::KcacheList => format!("{url}{NO_STREAMS}"),
        _ => url.to_owned(),
    };
    let client = Client::try_from(Config::new(url.parse()?))?;
    let last = Pod::marker(count).version().to_string();
    let (tell, told) = mpsc::channel();
    let config = watcher::Config::default();
    let read = match mode {
        Mode::Kube => kube_reflector(client, config, false, last, tell),
        Mode::KubeTrimmed => kube_reflector(client, config, true, last, tell),
        Mode::KubeTrimmedStreaming => {
            kube_reflector(client, config.streaming_lists(), true, last, tell)
        }
        Mode::Kcache | Mode::KcacheList => informer(client, last, tell),
    };
    let mut lines = io::stdin().lines();
    for _ in 0..2 {
        match told.recv().context("the client ended")? {
            Told::Synced => say("synced")?,
            Told::Done(updates) => say(&format!("done {updates}"))?,
        }
        lines.next().context("nobody requests")??;
        let State { count, sum } = read();
        say(&format!("{count} {sum}"))?;
    }
    lines.next();
    // What was built up is not taken down piece by piece.
    std::process::exit(0)
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Its subscriber is whoever drives the reflector's stream: the cheapest that there is.
fn kube_reflector(
    client: Client,
    config: watcher::Config,
    trimmed: bool,
    last: String,
    tell: Sender<Told>,
) -> Read {
    let (store, writer) = reflector::store::<v1::Pod>();
    let watcher = watcher(Api::all(client), config);
    if trimmed {
        let clear = |pod: &mut v1::Pod| pod.metadata.managed_fields = None;
        tokio::spawn(follow(reflector(writer, watcher.modify(clear)), last, tell));
    } else {
        tokio::spawn(follow(reflector(writer, watcher), last, tell));
    }
    Box::new(move || store.state().iter().map(|pod| print(pod)).collect())
}

async fn follow(
    events: impl Stream<Item = watcher::Result<Event<v1::Pod>>>,
    last: String,
    tell: Sender<Told>,
) -> Result<()> {
    let mut events = pin!(events);
    let mut updates = 0;
    while let Some(event) = events.next().await {
        // A client that has nobody to tell, or nothing more to do, ends, which ends the run.
        match event? {
            Event::InitDone => tell.send(Told::Synced)?,
            Event::Apply(pod) if version(&pod) == last => tell.send(Told::Done(updates))?,
            Event::Apply(_) => updates += 1,
            Event::Init | Event::InitApply(_) | Event::Delete(_) => {}
        }
    }
    Ok(())
}

/// Its subscriber is another task, as it is for whoever uses it.
fn informer(client: Client, last: String, tell: Sender<Told>) -> Read {
    let pods = Informer::<v1::Pod>::builder(client).start();
    tokio::spawn(take(pods.subscribe(), last, tell));
    Box::new(move || pods.cache().list().iter().map(|pod| print(pod)).collect())
}

async fn take(mut changes: Subscription<v1::Pod>, last: String, tell: Sender<Told>) -> Result<()> {
    drop(changes.snapshot().await?);
    tell.send(Told::Synced)?;
    let mut updates = 0;
    while let Some(change) = changes.next().await {
        match change {
            Change::Create { new } if version(&new) == last => tell.send(Told::Done(updates))?,
            Change::Update { .. } => updates += 1,
            Change::Create { .. } | Change::Delete { .. } => {}
        }
    }
    Ok(())
}
