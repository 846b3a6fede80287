//! How a credential that the server refused is recognised when its client requests it again.
//!
//! A client tells its plugin nothing of a 401. It runs it again: client-go, kr8s, lightkube and
//! fabric8 do so within the same process, and others (Python's `kubernetes`, client-node,
//! client-java) when their next process starts. Both also happen without a 401, so a suspicion has a
//! price that grows: by the time since the last one that was followed, or by what speaks for it.

use std::time::Duration;

use jiff::Timestamp;

use super::line::{Backoff, Event, Line, age, remembered};
use super::log::UseLog;
use crate::process::ClientProcess;

/// Two requests that are nearer to each other have none to a server in between: kube-rs makes
/// several while it makes one client, each time a millisecond or three after the last.
const LEAST_TIME: Duration = Duration::from_millis(5);

/// Before its expiry a client requests it again by itself: kube-rs, 60 s before. With the default margin
/// none of that is a hit.
pub(crate) const REFRESH_WINDOW: Duration = Duration::from_secs(65);

/// After how long one client process may bring a credential to be replaced again: the first time;
/// it doubles each time.
const CLIENT_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(60),
    longest: Duration::from_secs(60 * 60),
};

/// The same for a credential, whoever requests it: many short processes that each do so twice for reasons of
/// their own must not defeat the cache.
const KEY_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(60),
    longest: Duration::from_secs(15 * 60),
};

/// The same for processes that request it once each, one after the other. That is weaker: a program that
/// works may be started again and again, too.
const START_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(5 * 60),
    longest: Duration::from_secs(60 * 60),
};

/// The first suspicion of a process weighs more than those that it repeats: that several processes
/// are refused is less likely to be a habit of one program.
const FIRST_OF_PROCESS: u64 = 3;

/// The weight for one more replacement before its time: three processes. It is four times as much for
/// each further one, so that whatever requests it again and again comes to the logarithm of that.
const ENOUGH: u64 = 3 * FIRST_OF_PROCESS;

/// A process that was given it is followed by another of the same program, and that by another: so
/// many have ended before this one.
const STARTS: usize = 2;

/// Processes that follow each other within this time have ended soon.
const SOON: Duration = Duration::from_secs(60);

impl UseLog<'_> {
    /// Whether the server seems to have refused the credential of this generation, so that it is to
    /// be replaced for this client. If not now, what speaks for it is remembered.
    pub(crate) fn is_refused(
        &mut self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) -> bool {
        if self.requested_again(client, generation, now) {
            self.allows_replacement(client, now)
                || self.suspect(client, generation, now) >= self.grown(ENOUGH, now)
        } else {
            self.started_again(client, generation, now)
        }
    }

    /// Whether the credential was given to `client` before, which had the time to send it and to be
    /// refused.
    fn requested_again(
        &self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) -> bool {
        let uses = self.lines_of(client);
        let uses = uses.filter(|line| line.is(Event::Used, generation));
        let last = uses.map(|line| line.at).max();
        let last = last.and_then(|last| age(last, now));
        last.is_some_and(|age| age >= LEAST_TIME)
    }

    /// Whether the last replacements are long enough ago for one more.
    fn allows_replacement(&self, client: &ClientProcess, now: Timestamp) -> bool {
        let replaced = |line: &Line<'_>| line.event == Event::Replaced;
        CLIENT_BACKOFF.is_over(self.lines_of(client).filter(replaced), now)
            && KEY_BACKOFF.is_over(self.lines().filter(replaced), now)
    }

    /// Notes a suspicion; what weight all of this generation have.
    fn suspect(&mut self, client: &ClientProcess, generation: Timestamp, now: Timestamp) -> u64 {
        let is_this = |line: &Line<'_>| line.is(Event::Suspected, generation);
        let is_first = !self.lines_of(client).any(|line| is_this(&line));
        let before = self.lines().filter(is_this).map(|line| line.number).max();
        let weight = if is_first { FIRST_OF_PROCESS } else { 1 };
        let sum = before.unwrap_or(0).saturating_add(weight);
        self.append(Event::Suspected, sum, client.as_str(), generation, now);
        sum
    }

    /// Whether this process follows others of its program that were given the same and ended soon.
    fn started_again(&self, client: &ClientProcess, generation: Timestamp, now: Timestamp) -> bool {
        let Some(program) = client.program() else {
            return false;
        };
        let replaced = self.lines().filter(|line| line.event == Event::Replaced);
        let enough = if START_BACKOFF.is_over(replaced, now) {
            STARTS
        } else {
            let grown = self.grown(4 * STARTS as u64, now);
            usize::try_from(grown).unwrap_or(usize::MAX)
        };
        let is_this = |line: &Line<'_>| {
            line.is(Event::Used, generation)
                && line.number == program
                && line.client != client.as_str()
        };
        let mut uses: Vec<Line<'_>> = self.lines().filter(is_this).collect();
        uses.sort_unstable_by_key(|line| std::cmp::Reverse(line.at));
        uses.dedup_by_key(|line| line.client);
        if uses.len() < enough {
            return false;
        }
        let mut next = now;
        uses[..enough].iter().all(|line| {
            let soon = age(line.at, next).is_some_and(|age| age <= SOON);
            next = Timestamp::from_microsecond(line.at).unwrap_or(Timestamp::MIN);
            soon && client.has_ended(line.client)
        })
    }

    /// What has to speak for one more replacement, after those that are remembered.
    fn grown(&self, first: u64, now: Timestamp) -> u64 {
        let replaced = self.lines().filter(|line| line.event == Event::Replaced);
        let count = remembered(replaced, now).count();
        let doublings = u32::try_from(2 * count.saturating_sub(1)).unwrap_or(u32::MAX);
        first.saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
    }
}

impl Line<'_> {
    fn is(&self, event: Event, generation: Timestamp) -> bool {
        self.event == event && self.generation == generation.as_microsecond()
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::{GENERATION, at, bench, client, key, of_program};
    use super::*;

    #[test]
    fn requests_in_one_breath_are_no_refusal() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        let generation = at(GENERATION);
        assert!(!log.is_refused(&client(1), generation, at(0)));
        log.note_use(&client(1), generation, at(0));
        for (millis, refused) in [(0, false), (4, false), (5, true), (3_600_000, true)] {
            assert_eq!(log.is_refused(&client(1), generation, at(millis)), refused);
        }
        assert!(
            !log.is_refused(&client(11), generation, at(50)),
            "another one"
        );
        assert!(
            !log.is_refused(&client(1), at(0), at(50)),
            "another credential"
        );
        assert!(
            !log.is_refused(&client(1), generation, at(-50)),
            "another time"
        );
        log.note_use(&client(1), generation, at(48));
        assert!(
            !log.is_refused(&client(1), generation, at(50)),
            "the last one counts"
        );
    }

    #[test]
    fn a_client_waits_twice_as_long_each_time() {
        const MINUTE: i64 = 60_000;
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        let mut last = 0;
        for minutes in [0, 1, 2, 4, 8, 16, 32] {
            let due = last + minutes * MINUTE;
            if minutes > 0 {
                assert!(
                    !log.allows_replacement(&client(1), at(due - 1)),
                    "{minutes}"
                );
            }
            assert!(log.allows_replacement(&client(1), at(due)), "{minutes}");
            log.note_replacement(&client(1), at(GENERATION), at(due));
            last = due;
        }
        assert!(!log.allows_replacement(&client(2), at(last + 15 * MINUTE - 1)));
        assert!(log.allows_replacement(&client(2), at(last + 15 * MINUTE)));
        assert!(log.allows_replacement(&client(1), at(last + 120 * MINUTE)));
    }

    #[test]
    fn three_processes_that_are_refused_need_not_wait() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        log.note_replacement(&client(1), at(GENERATION), at(0));
        let mut refused = |number: u32, millis: i64| {
            log.note_use(&client(number), at(1), at(millis));
            log.is_refused(&client(number), at(1), at(millis + 50))
        };
        assert!(!refused(2, 100));
        assert!(!refused(3, 200));
        assert!(refused(4, 300));
        log.note_replacement(&client(4), at(1), at(400));
        // The next time it takes four times as much.
        let mut count = 0;
        while !{
            log.note_use(&client(10 + count), at(2), at(1_000));
            log.is_refused(&client(10 + count), at(2), at(1_050))
        } {
            count += 1;
        }
        assert_eq!(count + 1, 12);
    }

    #[test]
    fn a_loop_of_loads_comes_to_the_logarithm_of_its_length() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        let mut generation = GENERATION;
        let mut replaced = 0;
        for load in 0..5_000 {
            let now = at(load * 10);
            if log.is_refused(&client(1), at(generation), now) {
                log.note_replacement(&client(1), at(generation), now);
                generation = load * 10;
                log.begin(at(generation), now);
                replaced += 1;
            }
            log.note_use(&client(1), at(generation), now);
        }
        assert!((2..=7).contains(&replaced), "{replaced}");
    }

    #[test]
    fn the_third_of_a_program_that_ended_soon_twice_is_suspected() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        let generation = at(GENERATION);
        let mut refused = |number: u32, program: Option<u64>, seconds: i64| {
            let (client, now) = (of_program(number, program), at(seconds * 1000));
            let refused = log.is_refused(&client, generation, now);
            log.note_use(&client, generation, now);
            refused
        };
        let python = Some(7);
        assert!(!refused(1, python, 0));
        assert!(!refused(2, python, 3));
        assert!(!refused(3, Some(8), 4), "another program");
        assert!(
            !refused(4, None, 5),
            "a program whose process requests it again"
        );
        assert!(refused(5, python, 6));
        assert!(!refused(6, python, 90), "they ended some time ago");
        assert!(!refused(7, python, 91));
    }

    #[test]
    fn programs_that_are_started_again_and_again_cost_ever_less() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        let mut generation = GENERATION;
        let mut replaced = 0;
        for start in 0..3_600_u32 {
            let (client, now) = (of_program(start, Some(7)), at(i64::from(start) * 1000));
            if log.is_refused(&client, at(generation), now) {
                log.note_replacement(&client, at(generation), now);
                generation = i64::from(start) * 1000;
                log.begin(at(generation), now);
                replaced += 1;
            }
            log.note_use(&client, at(generation), now);
        }
        assert!((2..=6).contains(&replaced), "{replaced} in an hour");
    }
}
