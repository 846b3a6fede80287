//! SIGKILL at random instants.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::{Bench, quiet_token};

const ASKS_A_ROUND: usize = 8;
const KILLS_A_ROUND: usize = 5;

/// The number of kills, 500 where `KCC_STORM_KILLS` does not say otherwise.
fn kills() -> usize {
    let named = std::env::var("KCC_STORM_KILLS").ok();
    named.map_or(500, |text| {
        text.parse().expect("KCC_STORM_KILLS is a number")
    })
}

/// xorshift64*: a round is repeated by its seed.
struct Random(u64);

impl Random {
    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

/// Processes that ask for two new credentials, of which some are killed while they do.
///
/// Whoever is not killed gets the whole right answer; a plugin is never started while one runs for
/// the same credential; no more runs than a need and each killed process accounts for; and at the
/// end no lock stays and no part of an entry.
fn round(bench: &Bench, number: usize, random: &mut Random) -> usize {
    let names = [format!("{number}a"), format!("{number}b")];
    let name_of = |index: usize| &names[index % 2];
    let mut asks: Vec<Child> = (0..ASKS_A_ROUND)
        .map(|index| {
            let mut command = bench.command();
            command
                .arg(name_of(index))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();

    let mut killed = [false; ASKS_A_ROUND];
    for _ in 0..KILLS_A_ROUND {
        std::thread::sleep(Duration::from_micros(random.below(9_000)));
        let index = random.index(ASKS_A_ROUND);
        // One that has ended already is not a kill.
        if !killed[index] && asks[index].try_wait().unwrap().is_none() {
            let pid = Pid::from_child(&asks[index]);
            rustix::process::kill_process(pid, Signal::KILL).unwrap();
            killed[index] = true;
        }
    }
    for (index, ask) in asks.drain(..).enumerate() {
        let output = ask.wait_with_output().unwrap();
        let was_killed = killed[index] && output.status.code().is_none();
        if !was_killed {
            let expected = format!("token-of-{}", name_of(index));
            assert_eq!(crate::token_of(&output), expected, "round {number}");
            assert_eq!(crate::stderr(&output), "", "round {number}");
        }
    }
    for (index, name) in names.iter().enumerate() {
        let kills = (index..ASKS_A_ROUND)
            .step_by(2)
            .filter(|ask| killed[*ask])
            .count();
        settle(bench, name, number, kills);
    }
    killed.iter().filter(|killed| **killed).count()
}

/// The next ask answers soon, whatever the killed ones left behind.
fn settle(bench: &Bench, name: &str, number: usize, kills: usize) {
    let since = Instant::now();
    let token = quiet_token(bench.command().arg(name));
    assert_eq!(token, format!("token-of-{name}"), "round {number}");
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "round {number}: a lock stayed"
    );
    let runs = bench.plugin.runs_of(name);
    assert!(
        runs <= 1 + kills,
        "round {number}: {runs} runs, {kills} kills"
    );
    let before = runs;
    quiet_token(bench.command().arg(name));
    assert_eq!(
        bench.plugin.runs_of(name),
        before,
        "round {number}: nothing was stored"
    );
}

#[test]
fn killed_processes_leave_nothing_that_hurts() {
    let seed = u64::from(std::process::id()) << 20 | 1;
    let mut random = Random(seed);
    let bench = Bench::new();
    bench.plugin.answers_token("token-of-@NAME@").unwrap();
    let (mut killed, mut rounds) = (0, 0);
    while killed < kills() {
        let time = Duration::from_millis(random.below(25));
        bench.plugin.takes(time).unwrap();
        killed += round(&bench, rounds, &mut random);
        rounds += 1;
        assert_eq!(bench.plugin.overlaps(), 0, "seed {seed}, round {rounds}");
    }
    // Or the kills came too late to matter.
    let extra = bench.plugin.runs() - 2 * rounds;
    assert!(
        extra >= killed / 20,
        "seed {seed}: {killed} kills cost {extra} runs only"
    );
    let leftovers = leftovers(&bench);
    assert_eq!(leftovers, Vec::<PathBuf>::new(), "seed {seed}");
}

/// What no process works on any more, other than entries, locks and the installation's key.
fn leftovers(bench: &Bench) -> Vec<PathBuf> {
    let files = std::fs::read_dir(bench.home.entries_dir()).unwrap();
    let is_known = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        // A process that was killed while it made the installation's key leaves an unused one.
        matches!(extension, Some("entry" | "lock" | "served" | "stamp"))
            || stem.starts_with("installation")
    };
    let paths = files.map(|file| file.unwrap().path());
    paths.filter(|path| !is_known(path)).collect()
}

/// Starts it, and kills it when its plugin has `begun`.
fn kill_when(begun: impl Fn() -> bool, command: &mut Command) {
    let mut holder = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while !begun() {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the plugin never began"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn the_plugin_of_a_killed_process_is_waited_for() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_millis(1_500)).unwrap();
    kill_when(|| bench.plugin.runs() == 1, &mut bench.command());
    assert_eq!(bench.token(), "token-2");
    assert_eq!(bench.plugin.overlaps(), 0);
}

#[test]
fn the_hanging_plugin_of_a_killed_process_is_ended_after_its_time() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_secs(120)).unwrap();
    let ask = || {
        let mut command = bench.command();
        command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "2s");
        command
    };
    let since = Instant::now();
    kill_when(|| bench.plugin.runs() == 1, &mut ask());
    bench.plugin.takes(Duration::ZERO).unwrap();
    assert_eq!(quiet_token(&mut ask()), "token-2");
    assert!(since.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_the_plugin_of_a_killed_process_left_behind_is_not_waited_for() {
    let bench = Bench::new();
    let folder = bench.home.path();
    let text = "sleep 60 & echo $! > daemon; touch begun; sleep 0.3; touch over";
    let plugin = crate::script(folder, "plugin", text);
    let ask = || {
        let mut command = bench.home.kcc_cache();
        command.arg(&plugin).current_dir(folder);
        command
    };
    let since = Instant::now();
    kill_when(|| folder.join("begun").exists(), &mut ask());
    crate::script(folder, "plugin", "exit 7");
    assert_eq!(crate::code(&ask().output().unwrap()), 7);
    assert!(
        folder.join("over").exists(),
        "the plugin itself was waited for"
    );
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "its daemon was not"
    );
    let daemon = std::fs::read_to_string(folder.join("daemon")).unwrap();
    let daemon = Pid::from_raw(daemon.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(daemon, Signal::KILL).unwrap();
}

/// As sudo and daemonising wrappers do: the lock that it inherited is gone with the descriptor.
#[test]
fn a_plugin_that_closes_what_it_inherits_is_waited_for_all_the_same() {
    let bench = Bench::new();
    let folder = bench.home.path();
    let text = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done; \
                mkdir running || touch overlap; touch begun; sleep 0.5; rmdir running; exit 7";
    let plugin = crate::script(folder, "plugin", text);
    let ask = || {
        let mut command = bench.home.kcc_cache();
        command.arg(&plugin).current_dir(folder);
        command
    };
    // It is known who it is as soon as it has been started, but not sooner.
    kill_when(
        || folder.join("begun").exists() && is_recorded(&bench),
        &mut ask(),
    );
    assert_eq!(crate::code(&ask().output().unwrap()), 7);
    assert!(!folder.join("overlap").exists());
}

fn is_recorded(bench: &Bench) -> bool {
    let files = std::fs::read_dir(bench.home.entries_dir()).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut records = paths.filter(|path| path.extension() == Some("run".as_ref()));
    records.any(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("pid")))
}
