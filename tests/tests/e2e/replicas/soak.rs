//! Five replicas as processes on one kube-apiserver, which are killed, paused, cut off, and leave, while objects
//! change.

mod objects;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use harness::Random;
use harness::cluster::{Cluster, ClusterOptions};
use libtest_mimic::Failed;
use rustix::process::Signal;

use self::objects::Objects;
use super::observer::{Sample, compare, lock, prove};
use super::process::{Held, Process};
use super::stage::PATIENCE;
use crate::testers::client_of;
use crate::trial::{Outcome, block_on, check, until_ok};

const NAMESPACE: &str = "shared";
const GROUP: &str = "web";
const MEMBERS: usize = 5;
/// How many faults lie between two comparisons.
const COMPARES: usize = 10;
/// Where the environment does not say otherwise.
const FAULTS: usize = 8;
const OBJECTS: usize = 500;

/// A number in the environment.
fn number(variable: &str, otherwise: usize) -> Result<usize, Failed> {
    match std::env::var(variable) {
        Ok(number) => Ok(number.parse()?),
        Err(_) => Ok(otherwise),
    }
}

pub(super) fn five_processes_share_under_faults() -> Outcome {
    prove()?;
    let faults = number("KCC_REPLICA_FAULTS", FAULTS)?;
    let objects = number("KCC_REPLICA_OBJECTS", OBJECTS)?;
    let gate = "--feature-gates=ShardedListAndWatch=true";
    let cluster = Cluster::start(ClusterOptions::default().with_apiserver_flag(gate))?;
    cluster.bind_group("testers", "cluster-admin")?;
    cluster.kubectl_admin(&["create", "namespace", NAMESPACE])?;
    block_on(async {
        let client = client_of(&cluster, "writer", &["testers"])?;
        let objects = Objects::fill(client, NAMESPACE, objects).await?;
        let mut soak = Soak {
            cluster,
            objects,
            members: vec![],
            gone: vec![],
            started: 0,
            random: Random::new(u64::from(std::process::id())),
            happened: BTreeMap::new(),
            compared: 0,
            longest_gap: 0,
            begun: Instant::now(),
        };
        soak.measure().await?;
        soak.faults(faults).await
    })
}

struct Soak {
    cluster: Cluster,
    objects: Objects,
    members: Vec<Process>,
    /// What those said that have gone since the last comparison.
    gone: Vec<(String, Vec<Sample>)>,
    started: usize,
    random: Random,
    happened: BTreeMap<&'static str, usize>,
    compared: usize,
    longest_gap: u64,
    begun: Instant,
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

impl Soak {
    fn start(&mut self, group: &str) -> Result<Process, Failed> {
        self.started += 1;
        Process::start(
            &self.cluster,
            NAMESPACE,
            group,
            &format!("r{}", self.started),
        )
    }

    /// One more that follows what it owns.
    fn come(&mut self) -> Outcome {
        let mut process = self.start(GROUP)?;
        process.tell("follow")?;
        self.members.push(process);
        Ok(())
    }

    /// What each gets of a first list and of updates, beside one that has all.
    async fn measure(&mut self) -> Outcome {
        let mut whole = self.start("whole")?;
        for _ in 0..MEMBERS {
            let member = self.start(GROUP)?;
            self.members.push(member);
        }
        self.until_owned().await?;
        let bytes = |members: &[Process], whole: &Process| -> Vec<u64> {
            let members = members.iter().map(|member| member.proxy.bytes_to_clients());
            members.chain([whole.proxy.bytes_to_clients()]).collect()
        };
        let start = bytes(&self.members, &whole);
        for member in self.members.iter_mut().chain([&mut whole]) {
            member.tell("follow")?;
        }
        self.agree().await?;
        let want = self.objects.listed().await?;
        let has_all = async || {
            let sum = whole.held()?.sum;
            Ok(check(sum == want.sum, "the one that has all"))
        };
        until_ok(PATIENCE, has_all).await?;
        let listed = bytes(&self.members, &whole);
        self.objects.change_all().await?;
        self.agree().await?;
        let changed = bytes(&self.members, &whole);
        for (what, from, to) in [
            ("first list", &start, &listed),
            ("updates", &listed, &changed),
        ] {
            let passed: Vec<_> = from.iter().zip(to).map(|(from, to)| to - from).collect();
            let all = passed[MEMBERS].max(1);
            let shares = passed[..MEMBERS].iter().map(|bytes| bytes * 1_000 / all);
            let shares: Vec<_> = shares.collect();
            say(&format!(
                "{what}: {passed:?} bytes, the last has all; shares in thousandths {shares:?}"
            ));
            check(
                shares.iter().all(|share| *share < 500),
                format!("{what}: {shares:?}"),
            )?;
        }
        let sharded = self.members.iter_mut().map(Process::held);
        let sharded = sharded.collect::<Result<Vec<_>, _>>()?;
        check(
            sharded.iter().all(|held| held.sharded),
            "the server does not shard",
        )?;
        whole.leave()
    }

    async fn faults(&mut self, faults: usize) -> Outcome {
        for fault in 1..=faults {
            let writes = self.objects.start_writing();
            let what = self.disturb().await;
            let wait = Duration::from_millis(self.random.next() % 1_500);
            tokio::time::sleep(wait).await;
            self.objects.stop_writing(writes).await?;
            *self.happened.entry(what?).or_default() += 1;
            if fault % COMPARES == 0 || fault == faults {
                self.agree()
                    .await
                    .map_err(|error| self.explain(fault, &error))?;
                self.nobody_shared()?;
                let (seconds, writes) = (self.begun.elapsed().as_secs(), self.objects.writes());
                say(&format!(
                    "{fault} faults in {seconds} s, {writes} writes, {} times of ownership compared, \
                     longest without an owner {} ms, {:?}",
                    self.compared, self.longest_gap, self.happened
                ));
            }
        }
        Ok(())
    }

    fn explain(&self, fault: usize, error: &Failed) -> Failed {
        let error = error.message().unwrap_or_default();
        format!("fault {fault}, {:?}: {error}", self.happened).into()
    }

    /// Something goes wrong for a while, and comes right.
    async fn disturb(&mut self) -> Result<&'static str, Failed> {
        let time = Duration::from_millis(100 + self.random.next() % 6_000);
        let pass = || tokio::time::sleep(time);
        let place = self.random.below(self.members.len());
        let other = (place + 1) % self.members.len();
        Ok(match self.random.below(20) {
            0..4 => {
                self.lose(place);
                tokio::time::sleep(time / 3).await;
                self.come()?;
                "killed"
            }
            4..8 => {
                self.members[place].signal(Signal::STOP)?;
                pass().await;
                self.members[place].signal(Signal::CONT)?;
                "paused"
            }
            8 => {
                self.members[place].signal(Signal::STOP)?;
                self.lose(other);
                pass().await;
                for member in &self.members {
                    member.signal(Signal::CONT)?;
                }
                self.come()?;
                "paused while another is killed"
            }
            9..11 => {
                self.members[place].proxy.cut_all();
                "cut"
            }
            11..14 => {
                self.members[place].proxy.stall();
                pass().await;
                self.members[place].proxy.resume();
                "silent"
            }
            14 => {
                self.members[place].proxy.stall();
                self.members[other].proxy.stall();
                pass().await;
                self.members[place].proxy.resume();
                self.members[other].proxy.resume();
                "two are silent"
            }
            15..17 => {
                self.members[place].proxy.refuse();
                self.members[place].proxy.cut_all();
                pass().await;
                self.members[place].proxy.accept()?;
                "refused"
            }
            17..19 => {
                self.members[place].leave()?;
                self.lose(place);
                self.come()?;
                "left"
            }
            _ => {
                self.cluster.kill();
                pass().await;
                self.cluster.restart()?;
                "the server was killed"
            }
        })
    }

    /// One ends, if it has not.
    fn lose(&mut self, place: usize) {
        let mut lost = self.members.remove(place);
        lost.kill();
        let samples = std::mem::take(&mut *lock(&lost.samples));
        self.gone.push((lost.identity.clone(), samples));
    }

    /// Waits until all slots have an owner, before anybody follows.
    async fn until_owned(&self) -> Outcome {
        let is_owned = async || {
            let newest = self.members.iter().map(|member| {
                let samples = lock(&member.samples);
                samples.last().map_or(0, |sample| sample.slots)
            });
            let newest: Vec<_> = newest.collect();
            let even = newest.iter().all(|slots| slots.count_ones() >= 64 / 5);
            let all = newest.iter().fold(0, |all, slots| all | slots);
            Ok(check(even && all == u64::MAX, format!("{newest:x?}")))
        };
        until_ok(PATIENCE, is_owned).await
    }

    /// Waits, when nobody writes, until every slot has one owner, and all caches together are the server's list.
    async fn agree(&mut self) -> Outcome {
        let want = self.objects.listed().await?;
        let agree = async || {
            let held = self.members.iter_mut().map(Process::held);
            let held = held.collect::<Result<Vec<Held>, _>>()?;
            let slots: u32 = held.iter().map(|held| held.slots.count_ones()).sum();
            let all = held.iter().fold(0, |all, held| all | held.slots);
            let sum = held
                .iter()
                .fold(0_u64, |sum, held| sum.wrapping_add(held.sum));
            let objects: u64 = held.iter().map(|held| held.objects).sum();
            let settled = held.iter().all(|held| held.settled && held.outside == 0);
            let is_shared = settled && slots == 64 && all == u64::MAX;
            Ok(check(
                is_shared && (objects, sum) == (want.objects, want.sum),
                format!("wanted {want:?}, held {held:#x?}"),
            ))
        };
        until_ok(PATIENCE, agree).await
    }

    /// Compares what all have said since the last time.
    fn nobody_shared(&mut self) -> Outcome {
        let mut all = std::mem::take(&mut self.gone);
        for member in &self.members {
            let mut samples = lock(&member.samples);
            let newest = samples.last().copied();
            let taken = std::mem::replace(&mut *samples, newest.into_iter().collect());
            all.push((member.identity.clone(), taken));
        }
        let found = compare(&all);
        self.compared += found.compared;
        self.longest_gap = self.longest_gap.max(found.longest_gap);
        check(found.compared >= 64, "there is nothing to compare")?;
        check(found.doubles.is_empty(), found.doubles.join("; "))
    }
}
