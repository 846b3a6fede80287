//! Replicas without a network: many instances of the [`Protocol`] on one linearizable store, each with a
//! clock that is off and runs at its own rate, while they are paused, killed, cut off, started and stopped.
//!
//! A run is a function of its seed. At each event no slot may have two owners, and when the trouble ends
//! each has to have one.

mod happened;
mod random;
mod store;
mod replica;

use std::time::Duration;

#[cfg_attr(
    not(kcache_faults),
    expect(unreachable_pub, reason = "exported for tests only")
)]
pub use self::happened::Happened;
use self::random::Random;
use self::replica::Replica;
use self::store::Store;
use super::slots::{SLOTS, Slots};

/// How long everything may take to be as it should when the trouble is over.
const SETTLES: Duration = Duration::from_secs(300);
const MEMBERS: usize = 5;

/// What must have happened in many runs, or they prove nothing.
#[cfg(test)]
const KINDS: [&str; 11] = [
    "gained",
    "lost",
    "lapsed",
    "found dead",
    "withdrawn",
    "killed",
    "paused",
    "cut off",
    "left",
    "came",
    "came with the identity of another",
];

struct World {
    random: Random,
    now: Duration,
    store: Store,
    replicas: Vec<Replica>,
    started: usize,
    happened: Happened,
}

/// Makes so much trouble, and says what happened.
///
/// # Errors
///
/// Which slot had two owners, or what was not as it should be in the end.
#[cfg_attr(
    not(kcache_faults),
    expect(unreachable_pub, reason = "exported for tests only")
)]
pub fn run(seed: u64, troubles: usize) -> Result<Happened, String> {
    let mut world = World {
        random: Random::new(seed),
        now: Duration::ZERO,
        store: Store::default(),
        replicas: vec![],
        started: 0,
        happened: Happened::new(),
    };
    for _ in 0..MEMBERS {
        world.come(None);
    }
    for _ in 0..troubles {
        world.trouble();
        let time = world.random.between(50, 15_000);
        world.pass(world.now + time)?;
    }
    for replica in &mut world.replicas {
        replica.heal();
    }
    world.pass(world.now + SETTLES)?;
    world.agree()?;
    for replica in &world.replicas {
        replica.count(&mut world.happened);
    }
    Ok(world.happened)
}

impl World {
    fn come(&mut self, name: Option<String>) {
        self.started += 1;
        let name = name.unwrap_or_else(|| format!("g-{}", self.random.below(1_000_000)));
        let replica = Replica::new(&name, self.started, self.now, &mut self.random);
        self.replicas.push(replica);
    }

    fn happens(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    fn trouble(&mut self) {
        let until = self.now + self.random.between(100, 40_000);
        let running = self.replicas.iter().enumerate();
        let running = running.filter(|(_, replica)| !replica.has_left());
        let running: Vec<_> = running.map(|(place, _)| place).collect();
        let is_crowded = running.len() >= 2 * MEMBERS;
        let Some(place) = running
            .get(self.random.below(running.len().max(1)))
            .copied()
        else {
            return self.come(None);
        };
        match self.random.below(10) {
            0..3 => {
                self.replicas[place].pause(until);
                self.happens("paused");
            }
            3..6 => {
                self.replicas[place].cut_off(until);
                self.happens("cut off");
            }
            6 | 7 if running.len() > 2 => {
                self.replicas[place].kill();
                self.happens("killed");
                if self.random.below(2) == 0 {
                    // A container that starts again in the same Pod.
                    let name = self.replicas[place].name().to_owned();
                    self.come(Some(name));
                }
            }
            8 if running.len() > 2 => {
                self.replicas[place].leave(self.now);
                self.happens("left");
            }
            9 if self.random.below(3) == 0 => {
                let name = self.replicas[place].name().to_owned();
                self.come(Some(name));
                self.happens("came with the identity of another");
            }
            _ if !is_crowded => {
                self.come(None);
                self.happens("came");
            }
            _ => {}
        }
    }

    /// Everything that happens until a moment.
    fn pass(&mut self, end: Duration) -> Result<(), String> {
        loop {
            let next = self.replicas.iter().map(Replica::next_event).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return Ok(());
            };
            self.now = self.now.max(next);
            let due: Vec<_> = (0..self.replicas.len())
                .filter(|place| self.replicas[*place].next_event() <= self.now)
                .collect();
            let place = due[self.random.below(due.len())];
            self.replicas[place].act(self.now, &mut self.store, &mut self.random);
            if self.replicas[place].is_over() {
                let left = self.replicas.swap_remove(place);
                left.count(&mut self.happened);
            }
            self.nobody_shares()?;
        }
    }

    fn nobody_shares(&self) -> Result<(), String> {
        let mut all = Slots::NONE;
        for replica in &self.replicas {
            let owned = replica.owned(self.now);
            let shared = all & owned;
            if !shared.is_empty() {
                return Err(format!("at {:?} two own {shared:?}", self.now));
            }
            all = all | owned;
        }
        Ok(())
    }

    fn agree(&self) -> Result<(), String> {
        let owned = self.replicas.iter().map(|replica| replica.owned(self.now));
        let all = owned.fold(Slots::NONE, |all, owned| all | owned);
        let replicas = || self.replicas.iter().filter(|replica| !replica.has_left());
        let unsettled = replicas().find(|one| !one.is_settled(self.now));
        if let Some(replica) = unsettled {
            return Err(format!("it does not settle: {replica:#?}"));
        }
        if all != Slots::ALL {
            return Err(format!("nobody owns {:?}", Slots::ALL - all));
        }
        let names: std::collections::BTreeSet<_> = replicas().map(Replica::name).collect();
        if self.store.len() != names.len() {
            return Err(format!(
                "{} Leases of {} members",
                self.store.len(),
                names.len()
            ));
        }
        debug_assert!(names.len() <= SLOTS as usize);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_never_has_two_owners_and_gets_one_in_the_end() {
        let mut happened = Happened::new();
        let cases = std::env::var("KCACHE_REPLICAS_CASES").ok();
        let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(200);
        for seed in 0..cases {
            match run(seed, 40) {
                Ok(counts) => {
                    for (kind, count) in counts {
                        *happened.entry(kind).or_default() += count;
                    }
                }
                Err(problem) => {
                    let fewest = (0..=40).find(|troubles| run(seed, *troubles).is_err());
                    panic!("seed {seed} fails after {fewest:?} troubles: {problem}");
                }
            }
        }
        let rare = KINDS
            .iter()
            .filter(|kind| happened.get(*kind).is_none_or(|count| *count < 100));
        let rare: Vec<_> = rare.collect();
        assert!(rare.is_empty(), "too rare: {rare:?} of {happened:?}");
    }
}
