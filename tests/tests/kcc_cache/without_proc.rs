//! A system without `/proc`, as macOS is: an empty file system covers it, for one process and what
//! that starts.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::CacheHome;
use rustix::process::{Pid, Signal};

use crate::{code, script, stderr, token_of, wait_until};

const ANSWER: &str = r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}'"#;

/// A home, and a plugin that is a script.
struct Bench {
    home: CacheHome,
}

impl Bench {
    /// None where the system does not let us cover `/proc`; CI as root has to.
    fn new() -> Option<Self> {
        let can = covering(&["true".as_ref()]).output().unwrap();
        if can.status.success() {
            let home = CacheHome::new().unwrap();
            return Some(Self { home });
        }
        let has_to = harness::is_ci() && rustix::process::geteuid().is_root();
        assert!(!has_to, "/proc cannot be covered: {}", stderr(&can));
        let _ = writeln!(
            std::io::stderr(),
            "left out: /proc cannot be covered here (unshare --mount, as root)"
        );
        None
    }

    fn command(&self, text: &str) -> Command {
        let plugin = script(self.home.path(), "plugin", text);
        let cache = self.home.kcc_cache();
        let mut command = covering(&[cache.get_program(), plugin.as_os_str()]);
        command.env_clear().current_dir(self.home.path());
        command.envs(
            cache
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
    }

    /// Starts a plugin that goes on until it is killed, and waits until it runs.
    fn start(&self, timeout: &str) -> Child {
        let text = "echo $$ > pid.new; mv pid.new pid; exec sleep 600";
        let mut command = self.command(text);
        command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", timeout);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap();
        let has_started = || self.pid_file().exists() && self.run_file().is_some();
        wait_until("the plugin has started", has_started);
        child
    }

    fn pid_file(&self) -> PathBuf {
        self.home.path().join("pid")
    }

    fn plugin(&self) -> Pid {
        let pid = fs::read_to_string(self.pid_file()).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
    }

    /// The note of who runs, once it says that.
    fn run_file(&self) -> Option<PathBuf> {
        let files = fs::read_dir(self.home.entries_dir()).ok()?.flatten();
        let mut paths = files.map(|file| file.path());
        let path = paths.find(|path| path.extension().is_some_and(|it| it == "run"))?;
        let text = fs::read_to_string(&path).ok()?;
        text.contains("\"pid\":").then_some(path)
    }
}

/// A command that has an empty `/proc`.
fn covering(command: &[&std::ffi::OsStr]) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c"]);
    unshare
        .arg("mount -t tmpfs none /proc && exec \"$@\"")
        .arg("sh");
    unshare.args(command).stdin(Stdio::null());
    unshare
}

fn kill(pid: Pid) {
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let state = stat
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(") ")?.1.to_owned()));
    state.is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// The leader of a process group, which has nothing to do with any plugin.
fn innocent() -> Child {
    Command::new("sleep")
        .arg("600")
        .process_group(0)
        .spawn()
        .unwrap()
}

/// The note names a number that is another process's by now.
fn names(run_file: &Path, pid: Pid) {
    let text = fs::read_to_string(run_file).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["plugin"]["start"], serde_json::Value::Null, "{text}");
    record["plugin"]["pid"] = pid.as_raw_nonzero().get().into();
    let mut text = record.to_string();
    text.push_str(&" ".repeat(256 - text.len()));
    fs::write(run_file, text).unwrap();
}

#[test]
fn a_note_of_who_ran_gets_nobody_killed() {
    let Some(bench) = Bench::new() else { return };
    let mut killed = bench.start("200ms");
    let run_file = bench.run_file().unwrap();
    // Its time is over at once, and it has no time to say so.
    kill(Pid::from_child(&killed));
    killed.wait().unwrap();
    kill(bench.plugin());
    let mut bystander = innocent();
    fs::write(&run_file, fs::read(&run_file).unwrap()).unwrap();
    names(&run_file, Pid::from_child(&bystander));
    let output = bench.command(ANSWER).output().unwrap();
    assert_eq!(token_of(&output), "t");
    assert_eq!(stderr(&output), "");
    assert!(is_alive(Pid::from_child(&bystander)));
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_plugin_that_is_not_known_again_is_waited_for_and_left_alone() {
    let Some(bench) = Bench::new() else { return };
    let mut killed = bench.start("1s");
    kill(Pid::from_child(&killed));
    killed.wait().unwrap();
    let plugin = bench.plugin();
    let mut bystander = innocent();
    names(&bench.run_file().unwrap(), Pid::from_child(&bystander));
    // It holds the lock, until its time is over.
    let output = bench.command(ANSWER).output().unwrap();
    assert_eq!(token_of(&output), "t");
    assert!(is_alive(plugin) && is_alive(Pid::from_child(&bystander)));
    kill(plugin);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn our_own_plugin_is_ended_with_its_group() {
    let Some(bench) = Bench::new() else { return };
    let hang = "trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; wait; sleep 600";
    let mut command = bench.command(hang);
    let output = command
        .env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "500ms")
        .output()
        .unwrap();
    assert_eq!(code(&output), 124, "{}", stderr(&output));
    let child = fs::read_to_string(bench.home.path().join("child")).unwrap();
    let child = Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    let goes_on = || is_alive(child) || is_alive(bench.plugin());
    wait_until("nothing goes on", || !goes_on());
}

#[test]
fn a_plugin_that_wants_the_terminal_after_another_stop_is_told_so() {
    let Some(bench) = Bench::new() else { return };
    let text = "me=$$; (sleep 0.2; kill -CONT $me) & kill -STOP $$; kill -TTIN $$; sleep 600";
    let output = bench.command(text).output().unwrap();
    assert!(
        stderr(&output).contains("wants the terminal"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_stopped_plugin_that_is_killed_is_named() {
    let Some(bench) = Bench::new() else { return };
    let text = "me=$$; (sleep 0.2; kill -KILL $me) & kill -STOP $$";
    let output = bench.command(text).output().unwrap();
    assert_eq!(code(&output), 128 + 9);
    assert!(
        stderr(&output).contains("signal 9 (SIGKILL)"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_credential_is_stored_and_served() {
    let Some(bench) = Bench::new() else { return };
    let text = format!("echo run >> runs; {ANSWER}");
    for _ in 0..3 {
        assert_eq!(token_of(&bench.command(&text).output().unwrap()), "t");
    }
    let runs = fs::read_to_string(bench.home.path().join("runs")).unwrap();
    assert_eq!(runs, "run\n");
}
