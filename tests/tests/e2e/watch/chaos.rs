//! Connections that are cut, stall, crawl and are refused, a server that is killed and started on its
//! data, histories that are compacted; and objects that change meanwhile.

use std::io::Write;
use std::num::NonZeroU32;
use std::time::Duration;

use harness::cluster::ClusterOptions;
use harness::proxy::Proxy;
use libtest_mimic::Failed;

use super::{NAMESPACE, Place, Watched, manifest, pod, runtime, service};
use crate::random::Random;
use crate::trial::{Outcome, check};

/// How many faults there are where `KCC_CHAOS_FAULTS` does not say otherwise.
const FAULTS: usize = 12;
/// After so many faults everything has been allocated that is needed.
const WARM: usize = 30;
const PODS: usize = 120;
const APPS: usize = 8;

pub(super) fn run() -> Outcome {
    // etcd's history is compacted every two seconds.
    let options = ClusterOptions::default().with_apiserver_flag("--etcd-compaction-interval=2s");
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
    let mut warm = None;
    for fault in 1..=faults {
        write(place, &mut random)?;
        disturb(place, &mut proxy, &mut random).await?;
        write(place, &mut random)?;
        if fault % 5 == 0 {
            watched.refilter(*random.pick(&["front", "back"]))?;
        }
        if fault % 3 == 0 || fault == faults {
            watched.agree(place).await?;
        }
        if fault == WARM {
            warm = Some(resident()?);
        }
        if fault % 10 == 0 {
            let _ = writeln!(std::io::stderr(), "{fault} faults, {} KiB", resident()?);
        }
    }
    if let Some(warm) = warm.filter(|_| faults >= 10 * WARM) {
        let now = resident()?;
        check(
            now * 10 <= warm * 11,
            format!("{now} KiB after {faults} faults, {warm} KiB after {WARM}"),
        )?;
    }
    Ok(())
}

/// Some objects come, change and go.
fn write(place: &Place, random: &mut Random) -> Outcome {
    let apps: Vec<usize> = (0..APPS).collect();
    let some = random.some(&apps).into_iter();
    let mut objects: Vec<_> = some.map(|app| service(*app)).collect();
    for _ in 0..30 {
        let app = random.below(2 * APPS);
        objects.push(pod(random.below(PODS), app));
    }
    let file = manifest(&objects)?;
    let path = file.path().display().to_string();
    place.cluster.kubectl_admin(&["apply", "-f", &path])?;
    let gone = format!("group=g{}", random.below(5));
    let gone = [
        "-n",
        NAMESPACE,
        "delete",
        "pods",
        "--wait=false",
        "-l",
        &gone,
    ];
    if random.chance(1, 2) {
        place.cluster.kubectl_admin(&gone)?;
    }
    let service = format!("service-{}", random.below(APPS));
    let service = [
        "-n",
        NAMESPACE,
        "delete",
        "service",
        &service,
        "--ignore-not-found",
    ];
    place.cluster.kubectl_admin(&service)?;
    Ok(())
}

/// Something goes wrong, objects change meanwhile, and it is mended.
async fn disturb(place: &mut Place, proxy: &mut Proxy, random: &mut Random) -> Outcome {
    let time = Duration::from_millis(200 + random.next() % 2_000);
    match random.below(8) {
        0 | 1 => proxy.cut_all(),
        2 => {
            proxy.stall();
            write(place, random)?;
            tokio::time::sleep(time).await;
            proxy.resume();
        }
        3 => {
            proxy.stall();
            write(place, random)?;
            proxy.cut_all();
            proxy.resume();
        }
        4 => {
            proxy.set_pace(NonZeroU32::new(20_000));
            write(place, random)?;
            tokio::time::sleep(time).await;
            proxy.cut_all();
            proxy.set_pace(None);
        }
        5 => {
            proxy.refuse();
            proxy.cut_all();
            write(place, random)?;
            tokio::time::sleep(time).await;
            proxy.accept()?;
        }
        6 => {
            place.cluster.kill();
            tokio::time::sleep(time).await;
            place.cluster.restart()?;
        }
        // Long enough that what is resumed from has been compacted.
        _ => {
            proxy.refuse();
            proxy.cut_all();
            for _ in 0..3 {
                write(place, random)?;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            proxy.accept()?;
        }
    }
    Ok(())
}

/// The memory of this process, in KiB.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmRSS in /proc/self/status")?.parse()?)
}
