//! Pods that come and go, and a task for each of their containers.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{self as core};
use kcache::{Batch, Change, Error, Filter, Key, Phase, Publisher, Subscription};
use kube::{Api, Client};
use tokio::sync::{Mutex, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::args::Args;
use crate::container::{Container, Seen, Shared};
use crate::left::{Left, Logs};
use crate::output::Output;
use crate::pod::{self, Doing, Pod};
use crate::progress::{Kept, Progress, Start};
use crate::refusals::Refusals;
use crate::selection::Selection;
use crate::slots::Slots;
use crate::source::Source;

/// How many Pods are named in one notice.
const NAMED: usize = 10;

/// Follows the containers of the Pods that are selected.
pub(crate) struct Follow {
    client: Client,
    changes: Subscription<Pod>,
    all: Publisher<Pod>,
    /// No others, unless it is empty.
    wanted: Vec<String>,
    since: Duration,
    /// The UIDs of the Pods that were there at the beginning.
    old: HashSet<String>,
    pods: HashMap<Key, Followed>,
    left: Left,
    tasks: JoinSet<()>,
    is_degraded: bool,
    shared: Shared,
}

/// The containers of a Pod, by name. One that has not begun, or is not wanted, is without a task.
type Followed = BTreeMap<String, Option<Task>>;

struct Task {
    seen: watch::Sender<Seen>,
    abort: AbortHandle,
    progress: Kept,
}

/// Whether a container's log is to be read, and can be.
pub(crate) fn is_wanted(container: &pod::Container, wanted: &[String]) -> bool {
    let is_named = wanted.is_empty() || wanted.contains(&container.name);
    is_named && container.state.doing != Doing::Nothing
}

impl Follow {
    pub(crate) fn new(client: Client, selection: Selection, args: &Args, output: Output) -> Self {
        let there = selection.pods.cache().list();
        Self {
            client,
            changes: Subscription::batches(&selection.chosen, Some(Filter::everything())),
            all: selection.pods,
            wanted: args.containers.clone(),
            since: args.since,
            old: there.iter().map(|pod| pod.uid.clone()).collect(),
            pods: HashMap::new(),
            left: Left::default(),
            tasks: JoinSet::new(),
            is_degraded: false,
            shared: Shared {
                slots: Slots::new(args.max_streams, output.clone()),
                output,
                refusals: Refusals::default(),
            },
        }
    }

    /// Follows them until nothing more can be known of them.
    pub(crate) async fn run(mut self) -> Error {
        loop {
            tokio::select! {
                batch = self.changes.next_batch() => match batch {
                    Some(batch) => self.take(batch).await,
                    None => return self.changes.error().unwrap_or(Error::Closed),
                },
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    async fn take(&mut self, batch: Batch<Pod>) {
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        // One change a key, so it does not matter that all leave before any joins.
        for Change { old, new } in &batch.changes {
            if let Some(old) = old
                && new.as_ref().is_none_or(|new| new.uid != old.uid)
            {
                left.extend(self.leave(old));
            }
            if let Some(new) = new
                && !self.pods.contains_key(&new.key)
            {
                joined.push(with_containers(new));
            }
        }
        self.tell('-', left).await;
        // Before anything of theirs is.
        self.tell('+', joined).await;
        for new in batch
            .changes
            .iter()
            .filter_map(|change| change.new.as_ref())
        {
            self.stay(new);
        }
        self.phase(&batch.phase).await;
    }

    /// A Pod is selected no longer.
    fn leave(&mut self, pod: &Pod) -> Option<String> {
        let followed = self.pods.remove(&pod.key)?;
        let all = self.all.cache();
        let is_there = |key: &Key, uid: &str| {
            let there = all.get(key.namespace(), key.name());
            there.is_some_and(|there| there.uid == uid)
        };
        let is_gone = !is_there(&pod.key, &pod.uid);
        let mut logs = Logs::new();
        for (name, task) in followed {
            let Some(task) = task else { continue };
            if is_gone {
                // It reads what is still to be read.
                task.seen.send_modify(|seen| seen.is_gone = true);
            } else {
                task.abort.abort();
                logs.insert(name, task.progress);
            }
        }
        if !logs.is_empty() {
            self.left.keep(pod, logs, is_there);
        }
        let why = if is_gone {
            "deleted"
        } else {
            "no longer selected"
        };
        Some(format!("{} ({why})", pod.key))
    }

    /// A Pod is selected, or still is.
    fn stay(&mut self, pod: &Pod) {
        let is_new = !self.pods.contains_key(&pod.key);
        let mut followed = self.pods.remove(&pod.key).unwrap_or_default();
        let mut logs = if is_new {
            self.left.take(&pod.uid)
        } else {
            Logs::new()
        };
        for container in &pod.containers {
            let kept = logs.remove(&container.name);
            self.see(pod, container, followed.entry(container.name.clone()), kept);
        }
        self.pods.insert(pod.key.clone(), followed);
    }

    /// Tells a container's task what it is doing, and starts one if it has none.
    fn see(
        &mut self,
        pod: &Pod,
        container: &pod::Container,
        followed: Entry<'_, String, Option<Task>>,
        kept: Option<Kept>,
    ) {
        let seen = Seen {
            state: container.state,
            is_gone: false,
        };
        // What was seen before it began is read from its beginning.
        let start = match &followed {
            Entry::Vacant(_) if self.old.contains(&pod.uid) => {
                Start::Since(self.since, Instant::now())
            }
            _ => Start::Beginning,
        };
        match followed.or_default() {
            Some(task) => {
                let tell = |last: &mut Seen| std::mem::replace(last, seen) != seen;
                task.seen.send_if_modified(tell);
            }
            none if is_wanted(container, &self.wanted) => {
                let (sender, seen) = watch::channel(seen);
                let progress = kept.unwrap_or_else(|| Arc::new(Mutex::new(Progress::new(start))));
                let task = self.container(pod, &container.name, progress.clone(), seen);
                *none = Some(Task {
                    seen: sender,
                    abort: self.tasks.spawn(task),
                    progress,
                });
            }
            None => {}
        }
    }

    /// What follows a container, once who followed it before has ended.
    fn container(
        &self,
        pod: &Pod,
        name: &str,
        progress: Kept,
        seen: watch::Receiver<Seen>,
    ) -> impl Future<Output = ()> + use<> {
        let api = Api::<core::Pod>::namespaced(self.client.clone(), pod.key.namespace());
        let source = Arc::new(Source::new(pod, name));
        let (uid, shared) = (pod.uid.clone(), self.shared.clone());
        async move {
            let progress = progress.lock_owned().await;
            let container = Container::new(api, source, uid, progress, seen, shared);
            container.follow().await;
        }
    }

    /// Which Pods joined or left.
    async fn tell(&self, sign: char, mut pods: Vec<String>) {
        pods.sort();
        let more = pods.len().saturating_sub(NAMED);
        for pod in pods.iter().take(NAMED) {
            self.shared.output.say(format!("{sign} {pod}")).await;
        }
        if more > 0 {
            self.shared
                .output
                .say(format!("{sign} {more} more Pods"))
                .await;
        }
    }

    /// Whether what is selected is up to date.
    async fn phase(&mut self, phase: &Phase) {
        let notice = match phase {
            Phase::Degraded { reason, .. } if !self.is_degraded => {
                format!("Pods that come or go are not seen: {reason}")
            }
            Phase::Live if self.is_degraded => "Pods that come or go are seen again".to_owned(),
            _ => return,
        };
        self.is_degraded = !self.is_degraded;
        self.shared.output.say(notice).await;
    }
}

/// A Pod and its containers, as they are told.
fn with_containers(pod: &Pod) -> String {
    let mut names: Vec<&str> = pod.containers.iter().map(|one| &*one.name).collect();
    names.sort_unstable();
    format!("{} [{}]", pod.key, names.join(", "))
}
