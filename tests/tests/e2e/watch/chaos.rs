//! Connections that are cut, stall, crawl and are refused, a server that is killed and started on its
//! data, histories that are compacted; and objects that change meanwhile.

use std::io::Write;
use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::cluster::ClusterOptions;
use harness::proxy::Proxy;
use libtest_mimic::Failed;
use tokio::sync::Mutex;

use super::{NAMESPACE, Place, Watched, manifest, pod, runtime, service};
use crate::random::Random;
use crate::trial::{Outcome, check};

/// How many faults there are where `KCC_CHAOS_FAULTS` does not say otherwise.
const FAULTS: usize = 20;
/// After so many faults everything has been allocated that is needed.
const WARM: usize = 30;
/// How many faults lie between two comparisons.
const AGREES: usize = 10;
/// How often etcd's history is compacted.
const COMPACTION: Duration = Duration::from_secs(2);
const PODS: usize = 120;
const APPS: usize = 8;

pub(super) fn run() -> Outcome {
    let interval = format!("--etcd-compaction-interval={COMPACTION:?}");
    let options = ClusterOptions::default().with_apiserver_flag(interval);
    let mut place = Place::new(options)?;
    runtime()?.block_on(chaos(&mut place, faults()?))
}

fn faults() -> Result<usize, Failed> {
    match std::env::var("KCC_CHAOS_FAULTS") {
        Ok(number) => Ok(number.parse()?),
        Err(_) => Ok(FAULTS),
    }
}

async fn chaos(place: &mut Place, faults: usize) -> Outcome {
    let address = place
        .cluster
        .server_url()
        .trim_start_matches("https://")
        .parse()?;
    let mut proxy = Proxy::start(address)?;
    let mut watched = Watched::start(place.client(&proxy.url())?).await?;
    let mut random = Random::new(u64::from(std::process::id()));
    let writer = Writer::start(place, Random::new(random.next()));
    let mut warm = None;
    for fault in 1..=faults {
        disturb(place, &mut proxy, &mut random).await?;
        if fault % 5 == 0 {
            watched.refilter(["front", "back"][random.below(2)])?;
        }
        if fault % AGREES == 0 || fault == faults {
            let _pause = writer.turn.lock().await;
            watched.agree(place).await?;
        }
        if fault == WARM {
            warm = Some(resident()?);
        }
        if fault % 10 == 0 {
            let writes = writer.writes.load(Ordering::Relaxed);
            let memory = resident()?;
            let line = format!("{fault} faults, {writes} writes, {memory} KiB");
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
    check(
        writer.writes.load(Ordering::Relaxed) >= faults / 2,
        "kubectl wrote next to nothing",
    )?;
    if let Some(warm) = warm.filter(|_| faults >= 10 * WARM) {
        let now = resident()?;
        check(
            now * 10 <= warm * 11,
            format!("{now} KiB after {faults} faults, {warm} KiB after {WARM}"),
        )?;
    }
    Ok(())
}

/// Something goes wrong for a while, and is mended.
async fn disturb(place: &mut Place, proxy: &mut Proxy, random: &mut Random) -> Outcome {
    let time = Duration::from_millis(100 + random.next() % 1_500);
    let pass = || tokio::time::sleep(time);
    match random.below(16) {
        0..4 => {
            pass().await;
            proxy.cut_all();
        }
        4..7 => {
            proxy.stall();
            pass().await;
            proxy.resume();
        }
        7..9 => {
            proxy.stall();
            pass().await;
            proxy.cut_all();
            proxy.resume();
        }
        9..12 => {
            proxy.set_pace(NonZeroU32::new(20_000));
            pass().await;
            proxy.cut_all();
            proxy.set_pace(None);
        }
        12..14 => {
            proxy.refuse();
            proxy.cut_all();
            pass().await;
            proxy.accept()?;
        }
        14 => {
            place.cluster.kill();
            pass().await;
            place.cluster.restart()?;
        }
        // Long enough that what is resumed from has been compacted.
        _ => {
            proxy.refuse();
            proxy.cut_all();
            tokio::time::sleep(2 * COMPACTION + time).await;
            proxy.accept()?;
        }
    }
    Ok(())
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
    fn start(place: &Place, mut random: Random) -> Self {
        let (turn, writes, alive) = <(Arc<Mutex<()>>, Arc<AtomicUsize>, Arc<()>)>::default();
        let (taken, count, living) = (turn.clone(), writes.clone(), Arc::downgrade(&alive));
        let kubectl = place.cluster.binaries().kubectl.clone();
        let kubeconfig = place.cluster.admin_kubeconfig().to_owned();
        let home = place.home.path().to_owned();
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

/// The memory of this process, in KiB.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmRSS in /proc/self/status")?.parse()?)
}
