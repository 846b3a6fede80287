//! Connections that are cut, stall, crawl and are refused, a server that is killed and started on its
//! data, histories that are compacted, etcd that is restored from a snapshot; and objects that change
//! meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::cluster::{Backup, ClusterOptions};
use harness::proxy::Proxy;
use harness::{Random, process_memory};
use libtest_mimic::Failed;
use tokio::sync::Mutex;

use super::{NAMESPACE, PATIENCE, Setup, Watched, manifest, pod, runtime, service, until};
use crate::trial::{Outcome, check};

/// How many faults there are where `KCC_CHAOS_FAULTS` does not say otherwise.
const FAULTS: usize = 20;
/// After so many faults everything has been allocated that is needed.
const WARM: usize = 30;
/// How many faults lie between two comparisons, at least; and how many comparisons there are, at most:
/// after one fault on the other an informer waits for up to half a minute.
const AGREES: usize = 10;
const COMPARISONS: usize = 40;
/// How often etcd's history is compacted.
const COMPACTION: Duration = Duration::from_secs(2);
/// How far a restored revision goes on, beyond what was there before.
const BUMP: u64 = 1_000_000;
/// A restore that takes the revision back takes so many back, or more: the server's own writes must not
/// make up for them before an informer is back, after which nobody can tell. The server makes some 30
/// when it starts, then one with each compaction and each lease; all is waited for 240 s.
const LOST: u64 = 220;
const PODS: usize = 120;
const APPS: usize = 8;

pub(super) fn run() -> Outcome {
    let interval = format!("--etcd-compaction-interval={COMPACTION:?}");
    let options = ClusterOptions::default().with_apiserver_flag(interval);
    let mut setup = Setup::new(options)?;
    runtime()?.block_on(async {
        let mut chaos = Chaos::start(&mut setup).await?;
        chaos.run(faults()?).await
    })
}

fn faults() -> Result<usize, Failed> {
    match std::env::var("KCC_CHAOS_FAULTS") {
        Ok(number) => Ok(number.parse()?),
        Err(_) => Ok(FAULTS),
    }
}

struct Chaos<'a> {
    setup: &'a mut Setup,
    proxy: Proxy,
    watched: Watched,
    writer: Writer,
    random: Random,
    /// The last snapshot, and the revision that it is not older than.
    backup: (Backup, u64),
    /// How far ahead of the snapshot the revisions are that have been given since it was saved.
    ahead: u64,
    /// How often each thing went wrong.
    happened: BTreeMap<&'static str, usize>,
    /// The last five, the newest first.
    last: VecDeque<&'static str>,
    started: Instant,
}

impl<'a> Chaos<'a> {
    async fn start(setup: &'a mut Setup) -> Result<Self, Failed> {
        let proxy = Proxy::start(setup.address()?)?;
        let watched = Watched::start(setup.client(&proxy.url())?).await?;
        let mut random = Random::new(u64::from(std::process::id()));
        let writer = Writer::start(setup, Random::new(random.next()));
        Ok(Self {
            backup: (setup.cluster.back_up()?, setup.revision()?),
            ahead: 0,
            setup,
            proxy,
            watched,
            writer,
            random,
            happened: BTreeMap::new(),
            last: VecDeque::new(),
            started: Instant::now(),
        })
    }

    async fn run(&mut self, faults: usize) -> Outcome {
        let between = AGREES.max(faults.div_ceil(COMPARISONS));
        let mut warm = None;
        for fault in 1..=faults {
            let written = self.writer.writes();
            let what = self
                .disturb()
                .await
                .map_err(|error| self.explain(&error, fault))?;
            *self.happened.entry(what).or_default() += 1;
            self.last.push_front(what);
            self.last.truncate(5);
            // Slow as the machine may be, something changes between two faults.
            until(PATIENCE, "kubectl", || self.writer.writes() > written).await?;
            if fault % 5 == 0 {
                let tier = ["front", "back"][self.random.below(2)];
                self.watched.refilter(tier)?;
            }
            if fault % between == 0 || fault == faults || fault == WARM {
                let agreed = self.agree().await;
                agreed.map_err(|error| self.explain(&error, fault))?;
                self.tell(fault)?;
            }
            if fault == WARM {
                warm = Some(resident()?);
            }
        }
        let now = resident()?;
        match warm {
            Some(warm) => check(
                now <= 1.1 * warm,
                format!("{now:.1} MB after {faults} faults, {warm:.1} MB after {WARM}"),
            ),
            None => Ok(()),
        }
    }

    /// Nobody writes, and all have what kubectl says there is; then a snapshot is saved.
    async fn agree(&mut self) -> Outcome {
        let turn = self.writer.turn.clone();
        let _quiet = turn.lock().await;
        self.watched.agree(self.setup).await?;
        self.watched.forget();
        self.backup = (self.setup.cluster.back_up()?, self.setup.revision()?);
        self.ahead = 0;
        Ok(())
    }

    /// A failure, with what came before it.
    fn explain(&self, error: &Failed, fault: usize) -> Failed {
        let error = error.message().unwrap_or_default();
        let (seconds, last) = (self.started.elapsed().as_secs(), &self.last);
        Failed::from(format!(
            "fault {fault}, {seconds} s, after {last:?}: {error}"
        ))
    }

    fn tell(&self, fault: usize) -> Outcome {
        let (writes, memory) = (self.writer.writes(), resident()?);
        let seconds = self.started.elapsed().as_secs();
        let line = format!("{fault} faults, {writes} writes, {memory:.1} MB, {seconds} s");
        let _ = writeln!(std::io::stderr(), "{line}, {:?}", self.happened);
        Ok(())
    }

    /// Something goes wrong for a while, and comes right.
    async fn disturb(&mut self) -> Result<&'static str, Failed> {
        let time = Duration::from_millis(100 + self.random.next() % 1_500);
        let pass = || tokio::time::sleep(time);
        let proxy = &mut self.proxy;
        Ok(match self.random.below(20) {
            0..4 => {
                pass().await;
                proxy.cut_all();
                "cut"
            }
            4..7 => {
                proxy.stall();
                pass().await;
                proxy.resume();
                "silent"
            }
            7..9 => {
                proxy.stall();
                pass().await;
                proxy.cut_all();
                proxy.resume();
                "silent and cut"
            }
            9..12 => {
                proxy.set_pace(NonZeroU32::new(20_000));
                pass().await;
                proxy.cut_all();
                proxy.set_pace(None);
                "slow"
            }
            12..15 => {
                proxy.refuse();
                proxy.cut_all();
                pass().await;
                proxy.accept()?;
                "refused"
            }
            15 => {
                self.setup.cluster.kill();
                pass().await;
                self.setup.cluster.restart()?;
                "killed"
            }
            16 | 17 => self.restore_ahead()?,
            18 => self.restore_back().await?,
            // Long enough that what is resumed from has been compacted.
            _ => {
                proxy.refuse();
                proxy.cut_all();
                tokio::time::sleep(2 * COMPACTION + time).await;
                proxy.accept()?;
                "compacted"
            }
        })
    }

    /// etcd is restored as its documentation advises for Kubernetes, while kubectl writes. The bump is
    /// more than all that was given since the snapshot: of one that is restored twice, twice as much.
    fn restore_ahead(&mut self) -> Result<&'static str, Failed> {
        self.watched.begin_incarnation();
        self.ahead += BUMP;
        self.setup
            .cluster
            .restore(&self.backup.0, Some(self.ahead))?;
        Ok("restored ahead")
    }

    /// etcd is restored with the revision of the snapshot. Nobody writes until that is noticed: what
    /// is written at revisions that were given before cannot be told from what they were before.
    async fn restore_back(&mut self) -> Result<&'static str, Failed> {
        let turn = self.writer.turn.clone();
        let _quiet = turn.lock().await;
        self.lose_enough()?;
        // What is not yet seen of the lost incarnation cannot be told either.
        self.watched.agree(self.setup).await?;
        self.watched.begin_incarnation();
        self.setup.cluster.restore(&self.backup.0, None)?;
        self.watched.agree(self.setup).await?;
        self.watched.forget();
        Ok("restored back")
    }

    /// Changes all objects, those of both informers, until there is enough to lose: an informer compares
    /// with the version of its own last event.
    fn lose_enough(&self) -> Outcome {
        let kubectl = |words: &[&str]| {
            let all = [&["-n", NAMESPACE], words].concat();
            self.setup.cluster.kubectl_admin(&all)
        };
        let objects = manifest(&[pod(0, 0), service(0)])?;
        kubectl(&["apply", "-f", &objects.path().to_string_lossy()])?;
        let mut revision = self.setup.revision()?;
        loop {
            let label = format!("lost=r{revision}");
            kubectl(&["label", "pods,services", "--all", "--overwrite", &label])?;
            revision = self.setup.revision()?;
            if revision >= self.backup.1 + LOST {
                return Ok(());
            }
        }
    }
}

/// kubectl, which writes all the time, on its own way to the server.
struct Writer {
    /// Held during a write: whoever takes it has quiet.
    turn: Arc<Mutex<()>>,
    /// How many writes there were; those that a killed server ended do not count.
    writes: Arc<AtomicUsize>,
    /// The thread ends when this does.
    _alive: Arc<()>,
}

impl Writer {
    fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    fn start(setup: &Setup, mut random: Random) -> Self {
        let (turn, writes, alive) = <(Arc<Mutex<()>>, Arc<AtomicUsize>, Arc<()>)>::default();
        let (taken, count, living) = (turn.clone(), writes.clone(), Arc::downgrade(&alive));
        let kubectl = setup.cluster.binaries().kubectl.clone();
        let kubeconfig = setup.cluster.admin_kubeconfig().to_owned();
        let home = setup.home.path().to_owned();
        std::thread::spawn(move || {
            while living.strong_count() > 0 {
                let turn = taken.blocking_lock();
                let mut written = 0;
                for arguments in some_writes(&mut random) {
                    let mut command = Command::new(&kubectl);
                    command.env_clear().env("HOME", &home);
                    command.arg("--kubeconfig").arg(&kubeconfig);
                    command.args(["-n", NAMESPACE]).args(&arguments.words);
                    written += usize::from(command.output().is_ok_and(|ran| ran.status.success()));
                }
                drop(turn);
                count.fetch_add(written, Ordering::Relaxed);
                // So that somebody else can have the turn.
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self {
            turn,
            writes,
            _alive: alive,
        }
    }
}

/// What kubectl is told, and the manifest that it reads.
struct Told {
    words: Vec<String>,
    _manifest: Option<tempfile::NamedTempFile>,
}

/// Some objects come, change and go.
fn some_writes(random: &mut Random) -> Vec<Told> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    let mut objects: Vec<_> = (0..random.below(4))
        .map(|_| service(random.below(APPS)))
        .collect();
    for _ in 0..20 {
        objects.push(pod(random.below(PODS), random.below(2 * APPS)));
    }
    let mut writes = Vec::new();
    if let Ok(file) = manifest(&objects) {
        writes.push(Told {
            words: words(&format!("apply -f {}", file.path().display())),
            _manifest: Some(file),
        });
    }
    let gone = match random.below(3) {
        0 => format!("delete pods --wait=false -l group=g{}", random.below(5)),
        1 => format!("delete service service-{}", random.below(APPS)),
        _ => format!(
            "label pods -l group=g{} --overwrite app=app-1",
            random.below(5)
        ),
    };
    writes.push(Told {
        words: words(&gone),
        _manifest: None,
    });
    writes
}

/// The memory of this process, in MB.
fn resident() -> Result<f64, Failed> {
    Ok(process_memory("self", "VmRSS")? / 1e6)
}
