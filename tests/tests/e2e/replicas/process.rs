//! A replica that is a process: this program, started again. It says all the time what it owns.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::cluster::{Cluster, KubeconfigFile};
use harness::proxy::Proxy;
use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Informer, Object, Replicas, Shard};
use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::unbounded_channel;

use super::observer::{Sample, lock};
use super::stage::{LEASE, PATIENCE, RENEW, RETRY};
use crate::testers::{client, kubeconfig};
use crate::trial::Outcome;

/// The variable that makes a replica of this program.
const VARIABLE: &str = "KCC_E2E_REPLICA";
/// How often it says what it owns.
const LOOKS: Duration = Duration::from_millis(20);

#[derive(Serialize, Deserialize)]
struct Task {
    kubeconfig: PathBuf,
    namespace: String,
    group: String,
    identity: String,
}

/// What a replica has in its cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) objects: u64,
    /// Of all UIDs and versions.
    pub(super) sum: u64,
    /// How many it has that it does not own.
    pub(super) outside: u64,
    pub(super) slots: u64,
    pub(super) settled: bool,
    /// Nothing came that it did not ask for. A streaming list cannot say more.
    pub(super) sharded: bool,
}

impl Held {
    pub(super) fn add(&mut self, uid: &str, version: &str) {
        self.objects += 1;
        let hash = Shard::hash(&format!("{uid}/{version}"));
        self.sum = self.sum.wrapping_add(hash);
    }
}

/// Where this program was started as a replica: is one, and returns true when it has left.
pub(crate) fn run() -> bool {
    let Ok(task) = std::env::var(VARIABLE) else {
        return false;
    };
    let done = serde_json::from_str(&task)
        .map_err(Failed::from)
        .and_then(|task| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(2).enable_all().build()?;
            runtime.block_on(serve(task))
        });
    if let Err(error) = done {
        let _ = writeln!(std::io::stderr(), "replica: {error:?}");
    }
    true
}

async fn serve(task: Task) -> Outcome {
    let client = client(&task.kubeconfig)?;
    let builder = Replicas::builder(client.clone(), task.namespace.clone(), task.group);
    let builder = builder.identity(task.identity).lease_duration(LEASE);
    let replicas = builder.renew_deadline(RENEW).retry_period(RETRY).start()?;
    let sampled = replicas.clone();
    std::thread::spawn(move || sample(&sampled));
    let (sender, mut commands) = unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        lines
            .take_while(|line| sender.send(line.clone()).is_ok())
            .for_each(drop);
    });
    let mut informer = None;
    while let Some(command) = commands.recv().await {
        match (&*command, &informer) {
            ("follow", _) => {
                let maps =
                    Informer::<ConfigMap>::builder(client.clone()).namespace(&*task.namespace);
                let maps = maps.shard(Shard::nothing()).start();
                replicas.follow(&maps);
                informer = Some(maps);
            }
            ("sum", Some(maps)) => say("held", &held(&replicas, maps)),
            ("leave", _) => {
                replicas.release().await;
                say("left", &());
                return Ok(());
            }
            _ => {}
        }
    }
    // Whoever started it has gone.
    std::process::exit(0)
}

fn say(what: &str, value: &impl Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "{what} {text}");
}

impl Serialize for Held {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bits = (
            self.objects,
            self.sum,
            self.outside,
            self.slots,
            self.settled,
            self.sharded,
        );
        bits.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (objects, sum, outside, slots, settled, sharded) =
            Deserialize::deserialize(deserializer)?;
        Ok(Self {
            objects,
            sum,
            outside,
            slots,
            settled,
            sharded,
        })
    }
}

fn held(replicas: &Replicas, maps: &Informer<ConfigMap>) -> Held {
    let mut held = Held::default();
    for map in maps.cache().list() {
        held.add(map.uid(), map.version());
        held.outside += u64::from(!replicas.owns(&*map));
    }
    held.slots = slots(replicas);
    held.settled = replicas.status().settled;
    held.sharded = maps.status().sharded_by_server != Some(false);
    held
}

/// One bit for each 64th of all hashes.
fn slots(replicas: &Replicas) -> u64 {
    let owned = (0..64).filter(|slot| replicas.owns_hash(slot << 58));
    owned.fold(0, |all, slot| all | 1 << slot)
}

/// A clock that all processes of a machine share.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds * 1_000_000_000 + nanos
}

fn sample(replicas: &Replicas) {
    loop {
        let before = now();
        let slots = slots(replicas);
        let after = now();
        let lapses = replicas.status().lapses;
        let line = format!("s {before} {after} {lapses} {slots}");
        if writeln!(std::io::stdout(), "{line}").is_err() {
            return;
        }
        std::thread::sleep(LOOKS);
    }
}

/// Such a process, and its way to the server.
pub(super) struct Process {
    pub(super) identity: String,
    pub(super) proxy: Proxy,
    pub(super) samples: Arc<Mutex<Vec<Sample>>>,
    child: Child,
    commands: Option<ChildStdin>,
    replies: Receiver<String>,
    _kubeconfig: KubeconfigFile,
}

impl Process {
    pub(super) fn start(
        cluster: &Cluster,
        namespace: &str,
        group: &str,
        identity: &str,
    ) -> Result<Self, Failed> {
        let address = cluster
            .server_url()
            .trim_start_matches("https://")
            .parse()?;
        let proxy = Proxy::start(address)?;
        let kubeconfig = kubeconfig(cluster, &proxy.url(), "replica", &["testers"])?;
        let task = Task {
            kubeconfig: kubeconfig.path().to_owned(),
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            identity: identity.to_owned(),
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.env(VARIABLE, serde_json::to_string(&task)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("no stdout")?;
        let samples: Arc<Mutex<Vec<Sample>>> = Arc::default();
        let (sender, replies) = channel();
        let heard = samples.clone();
        std::thread::spawn(move || {
            let lines = std::io::BufReader::new(output).lines();
            listen(lines.map_while(Result::ok), &heard, &sender);
        });
        Ok(Self {
            identity: identity.to_owned(),
            proxy,
            samples,
            commands: child.stdin.take(),
            child,
            replies,
            _kubeconfig: kubeconfig,
        })
    }

    pub(super) fn tell(&mut self, command: &str) -> Outcome {
        let commands = self.commands.as_mut().ok_or("no stdin")?;
        Ok(writeln!(commands, "{command}")?)
    }

    /// What it has now.
    pub(super) fn held(&mut self) -> Result<Held, Failed> {
        self.tell("sum")?;
        let reply = self.reply("held ")?;
        Ok(serde_json::from_str(&reply)?)
    }

    /// It gives up what it has, and ends.
    pub(super) fn leave(&mut self) -> Outcome {
        self.tell("leave")?;
        self.reply("left ")?;
        self.child.wait()?;
        Ok(())
    }

    fn reply(&self, to: &str) -> Result<String, Failed> {
        let reply = self.replies.recv_timeout(PATIENCE);
        let reply = reply.map_err(|_| format!("{} does not answer", self.identity))?;
        let rest = reply
            .strip_prefix(to)
            .ok_or(format!("{reply:?}, not {to:?}"))?;
        Ok(rest.to_owned())
    }

    pub(super) fn signal(&self, signal: Signal) -> Outcome {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(
    lines: impl Iterator<Item = String>,
    samples: &Mutex<Vec<Sample>>,
    replies: &Sender<String>,
) {
    for line in lines {
        match line.strip_prefix("s ").and_then(Sample::read) {
            Some(sample) => lock(samples).push(sample),
            None => drop(replies.send(line)),
        }
    }
}
