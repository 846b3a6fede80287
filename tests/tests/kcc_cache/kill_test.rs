//! SIGKILL at random instants.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::{CacheHome, Random};
use kcc_core::{CredentialCache, Environment, ExecInfo, PluginPolicy, Request, Settings};
use rustix::process::{Pid, Signal};

use crate::{Bench, code, quiet_token, script, stderr, token_of, wait_until};

const KEYS: usize = 16;
const PROCESSES: usize = 64;

/// In one of so many rounds the first run for one of the keys hangs.
const HANGS_EACH: usize = 8;

/// How long that plugin may run.
const HANG_LIMIT: &str = "2s";

/// Runs, and overlaps of runs for one key, each a line with the key's name. The lock that tells an
/// overlap ends with the process, however that ends.
const PLUGIN: &str = r#"
exec 9>>"running.$1"
flock -n 9 || echo "$1" >>overlaps
echo "$1" >>runs
if [ -e "hang.$1" ]; then
  rm "hang.$1"
  exec sleep 600
fi
sleep "$2" 9>&-
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"token-of-'"$1"'"}}'
"#;

/// The number of kills, 500 where `KCC_KILLS` does not say otherwise.
fn kills() -> usize {
    let named = std::env::var("KCC_KILLS").ok();
    named.map_or(500, |text| text.parse().expect("KCC_KILLS is a number"))
}

/// Processes that request new credentials, of which many are killed while they do.
struct KillTest {
    home: CacheHome,
    plugin: PathBuf,
    random: Random,
    rounds: usize,
    killed: usize,
    /// Every credential that was requested: the plugin's arguments.
    requested: Vec<(String, String)>,
}

/// One process, and the number of its key.
struct Client {
    key: usize,
    child: Child,
    killed: bool,
}

impl KillTest {
    fn new(seed: u64) -> Self {
        let home = CacheHome::new().unwrap();
        let plugin = script(home.path(), "plugin", PLUGIN);
        for file in ["runs", "overlaps"] {
            fs::write(home.path().join(file), "").unwrap();
        }
        Self {
            plugin,
            home,
            random: Random::new(seed),
            rounds: 0,
            killed: 0,
            requested: vec![],
        }
    }

    fn name(&self, key: usize) -> String {
        format!("{}-{key}", self.rounds)
    }

    /// Whether the first run for this key hangs, in this round.
    fn hangs(&self, key: usize) -> bool {
        key == 0 && self.rounds.is_multiple_of(HANGS_EACH)
    }

    fn command(&self, key: usize, takes: &str) -> Command {
        let mut command = self.home.kcc_cache();
        command.arg(&self.plugin).args([&self.name(key), takes]);
        command.current_dir(self.home.path());
        if self.hangs(key) {
            command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", HANG_LIMIT);
        }
        command
    }

    /// Whoever is not killed gets the whole right answer, or hears that its plugin hung.
    fn round(&mut self) {
        if self.hangs(0) {
            let hang = format!("hang.{}", self.name(0));
            fs::write(self.home.path().join(hang), "").unwrap();
        }
        // The same for all, since it is a part of the key.
        let takes = format!("0.{:03}", 100 + self.random.below(400));
        let mut clients: Vec<Client> = vec![];
        for index in 0..PROCESSES {
            let child = start(&mut self.command(index % KEYS, &takes));
            let (key, killed) = (index % KEYS, false);
            clients.push(Client { key, child, killed });
            if self.random.below(3) == 0 {
                clients[self.random.below(index + 1)].kill();
            }
        }
        for _ in 0..PROCESSES / 2 {
            std::thread::sleep(Duration::from_micros(self.random.next() % 12_000));
            clients[self.random.below(PROCESSES)].kill();
        }
        let mut kills = [0; KEYS];
        for client in clients {
            let key = client.key;
            match client.end() {
                Some(output) => self.check_answer(key, &output),
                None => kills[key] += 1,
            }
        }
        for (key, kills) in kills.into_iter().enumerate() {
            self.settle(key, kills, &takes);
            self.requested.push((self.name(key), takes.clone()));
        }
        self.killed += kills.iter().sum::<usize>();
        assert_eq!(
            self.lines("overlaps"),
            Vec::<String>::new(),
            "round {}",
            self.rounds
        );
        self.rounds += 1;
    }

    fn check_answer(&self, key: usize, output: &Output) {
        if self.hangs(key) && !output.status.success() {
            // Its own run, or one that it waited for.
            assert_eq!(
                code(output),
                124,
                "round {}: {}",
                self.rounds,
                stderr(output)
            );
            return;
        }
        assert_eq!(token_of(output), format!("token-of-{}", self.name(key)));
        assert_eq!(stderr(output), "", "round {}", self.rounds);
    }

    /// The next request answers soon, whatever the killed ones left behind; and no more runs than one
    /// need, those whose holder was killed, and the one that hung.
    fn settle(&self, key: usize, kills: usize, takes: &str) {
        let since = Instant::now();
        let token = quiet_token(&mut self.command(key, takes));
        assert_eq!(token, format!("token-of-{}", self.name(key)));
        let waited = since.elapsed();
        assert!(
            waited < Duration::from_secs(20),
            "round {}: a lock stayed",
            self.rounds
        );
        let name = self.name(key);
        let runs = self
            .lines("runs")
            .iter()
            .filter(|line| **line == name)
            .count();
        let most = 1 + kills + usize::from(self.hangs(key));
        assert!(
            runs <= most,
            "round {}: {runs} runs, {kills} kills",
            self.rounds
        );
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.home.path().join(file)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Every entry is there, whole and good, and nothing else but locks and the installation's key.
    fn check_store(&self) {
        let environment: Environment = self.home.variables().into_iter().collect();
        let cache = CredentialCache::new(Settings::from_environment(&environment).unwrap());
        for (name, takes) in &self.requested {
            let request = Request {
                info: ExecInfo::unset(),
                command: self.plugin.clone().into(),
                args: vec![name.into(), takes.into()],
                environment: environment.clone(),
                policy: PluginPolicy::default(),
                forward_signals: false,
            };
            let inspection = cache.inspect(&request).unwrap();
            assert_eq!(inspection.miss, None, "{name}");
        }
        assert_eq!(cache.entries().unwrap().len(), self.requested.len());
        let leftovers = leftovers(&self.home.entries_dir());
        assert_eq!(leftovers.len(), 0, "{:?}", leftovers.first());
    }
}

impl Client {
    /// One that has ended already is not killed.
    fn kill(&mut self) {
        if !self.killed && self.child.try_wait().unwrap().is_none() {
            let pid = Pid::from_child(&self.child);
            rustix::process::kill_process(pid, Signal::KILL).unwrap();
            self.killed = true;
        }
    }

    /// What it said; nothing where it was killed. Its plugin may still hold what it had open then.
    fn end(mut self) -> Option<Output> {
        let killed = self.killed && self.child.wait().unwrap().code().is_none();
        (!killed).then(|| self.child.wait_with_output().unwrap())
    }
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn killed_processes_leave_nothing_that_hurts() {
    let seed = u64::from(std::process::id()) << 20 | 1;
    let mut test = KillTest::new(seed);
    while test.killed < kills() {
        test.round();
    }
    // Or the kills came too late to matter.
    let (runs, rounds, killed) = (test.lines("runs").len(), test.rounds, test.killed);
    let extra = runs - rounds * KEYS;
    assert!(
        extra >= killed / 20,
        "seed {seed}: {killed} kills cost {extra} runs only"
    );
    test.check_store();
    let needs = rounds * KEYS;
    // The figures of a long run, which docs/performance.md reports.
    let _ = writeln!(
        std::io::stdout(),
        "{rounds} rounds, {killed} kills, {runs} runs for {needs} needs"
    );
}

/// What no process works on any more.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_known = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        // A process that was killed while it made the installation's key leaves an unused one.
        matches!(extension, Some("entry" | "lock" | "session" | "stamp"))
            || stem.is_some_and(|stem| stem.starts_with("installation"))
    };
    let files = fs::read_dir(folder).unwrap();
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
    wait_until("the plugin has begun", begun);
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
    let request = || {
        let mut command = bench.command();
        command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "2s");
        command
    };
    let since = Instant::now();
    kill_when(|| bench.plugin.runs() == 1, &mut request());
    bench.plugin.takes(Duration::ZERO).unwrap();
    assert_eq!(quiet_token(&mut request()), "token-2");
    assert!(since.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_the_plugin_of_a_killed_process_left_behind_is_not_waited_for() {
    let bench = Bench::new();
    let folder = bench.home.path();
    let text = "sleep 60 & echo $! > daemon; touch begun; sleep 0.3; touch over";
    let plugin = script(folder, "plugin", text);
    let request = || {
        let mut command = bench.home.kcc_cache();
        command.arg(&plugin).current_dir(folder);
        command
    };
    let since = Instant::now();
    kill_when(|| folder.join("begun").exists(), &mut request());
    script(folder, "plugin", "exit 7");
    assert_eq!(code(&request().output().unwrap()), 7);
    assert!(
        folder.join("over").exists(),
        "the plugin itself was waited for"
    );
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "its daemon was not"
    );
    let daemon = fs::read_to_string(folder.join("daemon")).unwrap();
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
    let plugin = script(folder, "plugin", text);
    let request = || {
        let mut command = bench.home.kcc_cache();
        command.arg(&plugin).current_dir(folder);
        command
    };
    // It is known who it is as soon as it has been started, but not sooner.
    kill_when(
        || folder.join("begun").exists() && is_recorded(&bench),
        &mut request(),
    );
    assert_eq!(code(&request().output().unwrap()), 7);
    assert!(!folder.join("overlap").exists());
}

fn is_recorded(bench: &Bench) -> bool {
    let files = fs::read_dir(bench.home.entries_dir()).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut records = paths.filter(|path| path.extension() == Some("run".as_ref()));
    records.any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("pid")))
}
