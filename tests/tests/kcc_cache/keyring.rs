//! Entries sealed under a key in a real keyring: the kernel's, in a session keyring of its own, and
//! GNOME Keyring on a bus of its own. `.ci/run` installs what they need; without it, and not in CI,
//! these tests say so and are left out.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use harness::{CacheHome, ExecPlugin, build_kcc_cache_with_keyring};
use kcc_core::{CredentialCache, EntryState, Environment, Settings};
use tempfile::TempDir;

use crate::stderr;

/// A user of a keyring.
struct User {
    home: CacheHome,
    /// Where GNOME Keyring keeps what it keeps.
    keyrings: TempDir,
    plugin: ExecPlugin,
    backend: &'static str,
}

/// How a session comes to its keyring.
#[derive(Clone, Copy)]
enum Session {
    /// A session keyring of the kernel.
    Kernel,
    /// A bus with GNOME Keyring, whose login keyring is unlocked.
    Unlocked,
    /// The same, and nobody unlocks it.
    Locked,
    /// No bus.
    Bare,
}

impl User {
    fn new(backend: &'static str) -> Self {
        let plugin = ExecPlugin::new().unwrap();
        plugin.answers_token("MARKER-@RUN@").unwrap();
        Self {
            home: CacheHome::new().unwrap(),
            keyrings: tempfile::tempdir().unwrap(),
            plugin,
            backend,
        }
    }

    /// Runs a shell script in a new session: `request` there is `kcc-cache <plugin>`.
    fn run(&self, session: Session, script: &str) -> Output {
        let unlock = "printf password | gnome-keyring-daemon --unlock --components=secrets >&2";
        let (front, before): (&[&str], &str) = match session {
            Session::Kernel => (&["keyctl", "session", "-"], ""),
            Session::Unlocked => (&["dbus-run-session", "--"], unlock),
            Session::Locked => (&["dbus-run-session", "--"], ""),
            Session::Bare => (&[], ""),
        };
        let all = format!(
            "cache=$1 plugin=$2\nrequest() {{ \"$cache\" \"$plugin\" \"$@\"; }}\n{before}\n{script}"
        );
        let shell = ["/bin/sh", "-ec", &all, "session"];
        let mut words = front.iter().chain(&shell);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg(binary()).arg(self.plugin.path());
        command.env_clear().envs(self.home.variables());
        command.env("KUBE_CREDENTIAL_CACHE_WARNINGS", "stderr");
        // One of its own: by its socket, a daemon finds another that is about to end.
        let runtime = tempfile::tempdir().unwrap();
        command.env("XDG_RUNTIME_DIR", runtime.path());
        command.env("XDG_DATA_HOME", self.keyrings.path());
        command.env("KUBE_CREDENTIAL_CACHE_BACKEND", self.backend);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        output
    }

    /// The tokens that a script of requests got, where `kcc-cache` said nothing.
    fn tokens(&self, session: Session, script: &str) -> Vec<String> {
        let output = self.run(session, script);
        assert_eq!(said(&output), Vec::<&str>::new());
        tokens(&output)
    }

    /// Every byte of the home and the keyrings is searched.
    fn assert_no_secret_on_disk(&self) {
        let mut folders = vec![self.home.path().to_owned(), self.keyrings.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    let bytes = fs::read(&path).unwrap();
                    let found = bytes.windows(6).any(|window| window == b"MARKER");
                    assert!(!found, "{}", path.display());
                }
            }
        }
    }

    /// What is not stored is said once for each request, and the credential is printed all the same.
    fn assert_unstored(&self, session: Session, problem: &str) {
        let output = self.run(session, "request; request");
        assert_eq!(tokens(&output), ["MARKER-1", "MARKER-2"]);
        let said = said(&output);
        assert_eq!(said.len(), 2, "{said:?}");
        for line in said {
            let start =
                "kcc-cache: warning: the credential could not be stored: the Secret Service";
            assert!(line.starts_with(start) && line.contains(problem), "{line}");
        }
        assert!(self.home.entries().is_empty());
        self.assert_no_secret_on_disk();
    }
}

fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match build_kcc_cache_with_keyring() {
        Ok(path) => path,
        Err(error) => panic!("{error:#}"),
    })
}

/// Whether these programs are there; in CI they have to be.
fn is_possible(programs: &[(&str, &str)]) -> bool {
    for (program, package) in programs {
        let path = std::env::var("PATH").unwrap_or_default();
        let found = path
            .split(':')
            .any(|folder| fs::exists(format!("{folder}/{program}")).unwrap_or(false));
        if !found {
            let missing = format!("{program} is missing: install the package {package}");
            assert!(!harness::is_ci(), "{missing}");
            say(&format!("left out: {missing}"));
            return false;
        }
    }
    true
}

fn has_kernel_keyring() -> bool {
    if !is_possible(&[("keyctl", "keyutils")]) {
        return false;
    }
    let mut keyctl = Command::new("keyctl");
    keyctl.args([
        "session", "-", "keyctl", "add", "user", "kcc-test", "x", "@s",
    ]);
    let output = keyctl.output().unwrap();
    if !output.status.success() {
        let refused = format!("the kernel gives no session keyring: {}", stderr(&output));
        assert!(!harness::is_ci(), "{refused}");
        say(&format!("left out: {refused}"));
    }
    output.status.success()
}

fn has_secret_service() -> bool {
    is_possible(&[
        ("dbus-run-session", "dbus"),
        ("gnome-keyring-daemon", "gnome-keyring"),
    ])
}

fn tokens(output: &Output) -> Vec<String> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let answers = text.lines().map(|line| {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap();
        answer["status"]["token"].as_str().unwrap().to_owned()
    });
    answers.collect()
}

/// What `kcc-cache` said; the bus and the keyring talk, too, and may not have ended their line.
fn said(output: &Output) -> Vec<&str> {
    let lines = stderr(output).lines();
    lines
        .filter_map(|line| line.find("kcc-cache: ").map(|start| &line[start..]))
        .collect()
}

fn an_answer_is_kept_and_sealed(backend: &'static str, session: Session) {
    let user = User::new(backend);
    let got = user.tokens(session, "request; request");
    assert_eq!(got, ["MARKER-1", "MARKER-1"]);
    // The next session finds the same key.
    assert_eq!(user.tokens(session, "request"), ["MARKER-1"]);
    user.assert_no_secret_on_disk();

    // Without the key one sees what is stored, and nobody takes it for a plain entry.
    let environment: Environment = user.home.variables().into_iter().collect();
    let cache = CredentialCache::new(Settings::from_environment(&environment).unwrap());
    let entries = cache.entries().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].state, EntryState::Good);
    let details = entries[0].details.as_ref().unwrap();
    assert_eq!(details.command, user.plugin.path().display().to_string());
}

#[test]
fn the_kernels_keyring_keeps_the_key() {
    if has_kernel_keyring() {
        an_answer_is_kept_and_sealed("keyring:keyutils", Session::Kernel);
    }
}

#[test]
fn the_secret_service_keeps_the_key() {
    if has_secret_service() {
        an_answer_is_kept_and_sealed("keyring", Session::Unlocked);
        an_answer_is_kept_and_sealed("keyring:secret-service", Session::Unlocked);
    }
}

#[test]
fn first_requests_at_once_agree_on_one_key() {
    if !has_secret_service() {
        return;
    }
    let user = User::new("keyring");
    let names = "for name in 1 2 3 4 5 6 7 8; do";
    let cold = format!("{names} request $name >/dev/null & done; wait");
    user.tokens(Session::Unlocked, &cold);
    let warm = user.tokens(Session::Unlocked, &format!("{names} request $name; done"));
    assert_eq!((warm.len(), user.plugin.runs()), (8, 8));
}

#[test]
fn a_locked_keyring_is_said_and_nothing_is_stored() {
    if !has_secret_service() {
        return;
    }
    // There is none yet.
    User::new("keyring").assert_unstored(Session::Locked, "it is locked, or closed to us");

    let user = User::new("keyring");
    assert_eq!(user.tokens(Session::Unlocked, "request"), ["MARKER-1"]);
    let output = user.run(Session::Locked, "request");
    assert_eq!(tokens(&output), ["MARKER-2"]);
    assert!(said(&output)[0].contains("it is locked, or closed to us"));
    // What was sealed is still there for the day that it is unlocked.
    assert_eq!(user.tokens(Session::Unlocked, "request"), ["MARKER-1"]);
}

#[test]
fn a_keyring_that_is_not_there_is_said_and_nothing_is_stored() {
    let user = User::new("keyring");
    user.assert_unstored(Session::Bare, "BACKEND=keyring:keyutils is the kernel's");
}

#[test]
fn plain_entries_are_not_used_and_do_not_stay() {
    if !has_secret_service() {
        return;
    }
    let mut user = User::new("file");
    assert_eq!(
        user.tokens(Session::Bare, "request; request"),
        ["MARKER-1"; 2]
    );
    user.backend = "keyring";
    let sealed = user.tokens(Session::Unlocked, "request; request");
    assert_eq!(sealed, ["MARKER-2"; 2]);
    user.assert_no_secret_on_disk();
    user.backend = "file";
    assert_eq!(user.tokens(Session::Bare, "request"), ["MARKER-3"]);
}

#[test]
fn a_lost_key_costs_a_plugin_run_and_one_warning() {
    if !has_secret_service() {
        return;
    }
    let mut user = User::new("keyring");
    assert_eq!(user.tokens(Session::Unlocked, "request"), ["MARKER-1"]);
    user.keyrings = tempfile::tempdir().unwrap();
    let output = user.run(Session::Unlocked, "request; request");
    assert_eq!(tokens(&output), ["MARKER-2"; 2]);
    let said = said(&output);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("it is sealed under another key"));
}

/// A test that is left out says so.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
