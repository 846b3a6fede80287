//! The store: bad entries are never used, and a store that fails costs no answer.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Bench, stderr, token_of};

const NOBODY: u32 = 65_534;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Stores an entry, spoils it, and expects a miss with one warning that names the file and
/// `problem`. Then a hit without a word, if the entry is `repaired`.
fn spoiled(spoil: impl FnOnce(&Path), problem: &str, repaired: bool) {
    let bench = Bench::new();
    assert_eq!(bench.token(), "token-1");
    let entry = bench.entry();
    spoil(&entry);

    let output = bench.request();
    assert_eq!(token_of(&output), "token-2", "{problem}");
    let warning = stderr(&output);
    let lines = if repaired { 1 } else { 2 };
    assert_eq!(warning.lines().count(), lines, "{warning}");
    assert!(
        warning.contains("warning") && warning.contains(problem),
        "{warning}"
    );
    assert!(warning.contains(&entry.display().to_string()), "{warning}");
    if repaired {
        assert_eq!(bench.token(), "token-2");
        assert_eq!(mode(&entry), 0o600);
        assert!(fs::symlink_metadata(&entry).unwrap().is_file());
    } else {
        assert_eq!(token_of(&bench.request()), "token-3");
    }
}

#[test]
fn a_damaged_entry_is_replaced() {
    let flip_at = |position: fn(usize) -> usize| {
        move |entry: &Path| {
            let mut bytes = fs::read(entry).unwrap();
            let position = position(bytes.len());
            bytes[position] ^= 1;
            fs::write(entry, bytes).unwrap();
        }
    };
    spoiled(|entry| fs::write(entry, "").unwrap(), "damaged", true);
    spoiled(|entry| fs::write(entry, "{}").unwrap(), "damaged", true);
    spoiled(
        |entry| fs::write(entry, [0xff; 300]).unwrap(),
        "damaged",
        true,
    );
    spoiled(flip_at(|_| 0), "damaged", true);
    spoiled(flip_at(|_| 20), "damaged", true);
    spoiled(flip_at(|_| 80), "damaged", true);
    spoiled(flip_at(|size| size - 10), "damaged", true);
    spoiled(
        |entry| {
            let bytes = fs::read(entry).unwrap();
            fs::write(entry, &bytes[..bytes.len() - 1]).unwrap();
        },
        "damaged",
        true,
    );
    spoiled(
        |entry| {
            let file = fs::File::options().write(true).open(entry).unwrap();
            file.set_len(1 << 30).unwrap();
        },
        "damaged",
        true,
    );
}

#[test]
fn an_entry_that_others_can_read_is_replaced() {
    for bits in [0o640, 0o604, 0o620, 0o610, 0o777] {
        let open = |entry: &Path| fs::set_permissions(entry, Permissions::from_mode(bits)).unwrap();
        spoiled(open, &format!("mode {bits:03o}"), true);
    }
}

#[test]
fn a_symlink_is_not_followed_but_replaced() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    let to_target = |entry: &Path| {
        fs::rename(entry, &target).unwrap();
        symlink(&target, entry).unwrap();
    };
    spoiled(to_target, "symbolic link", true);
    assert!(
        fs::read_to_string(&target).unwrap().contains("token-1"),
        "the target is untouched"
    );
}

#[test]
fn a_pipe_in_the_entrys_place_cannot_hold_a_request_up() {
    let to_pipe = |entry: &Path| {
        fs::remove_file(entry).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(entry)
                .status()
                .unwrap()
                .success()
        );
    };
    spoiled(to_pipe, "not a regular file", true);
}

#[test]
fn a_directory_in_the_entrys_place_is_left_alone() {
    let to_directory = |entry: &Path| {
        fs::remove_file(entry).unwrap();
        fs::create_dir(entry).unwrap();
        fs::write(entry.join("precious"), "").unwrap();
    };
    spoiled(to_directory, "not a regular file", false);
}

#[test]
fn a_foreign_entry_is_never_used_and_left_alone() {
    if !is_root() {
        return; // Only root can give a file away.
    }
    let give_away = |entry: &Path| std::os::unix::fs::chown(entry, Some(NOBODY), None).unwrap();
    spoiled(give_away, "belongs to user id 65534", false);
}

#[test]
fn an_entry_under_another_name_is_not_used() {
    let bench = Bench::new();
    let request = |name: &str| crate::quiet_token(bench.command().arg(name));
    request("a");
    let of_a = bench.entry();
    request("b");
    let of_b = bench
        .home
        .entries()
        .into_iter()
        .find(|path| *path != of_a)
        .unwrap();
    fs::copy(&of_a, &of_b).unwrap();
    let output = bench.command().arg("b").output().unwrap();
    assert_eq!(token_of(&output), "token-3");
    assert!(stderr(&output).contains("damaged"));
}

#[test]
fn what_is_stored_is_for_its_owner_alone_whatever_the_umask() {
    for umask in ["000", "022", "077", "277"] {
        let bench = Bench::new();
        let under_umask = || {
            let mut shell = Command::new("sh");
            let command = bench.command();
            shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
            shell.arg(command.get_program()).args(command.get_args());
            shell
                .env_clear()
                .envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
            crate::quiet_token(&mut shell)
        };
        assert_eq!(under_umask(), "token-1");
        assert_eq!(under_umask(), "token-1", "umask {umask}");
        let entries = bench.home.entries_dir();
        for file in fs::read_dir(&entries).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path) & 0o077, 0, "{}: umask {umask}", path.display());
        }
        assert_eq!(mode(&entries) & 0o077, 0);
    }
}

#[test]
fn a_cache_directory_that_others_can_enter_is_closed_to_them() {
    let bench = Bench::new();
    bench.token();
    let entries = bench.home.entries_dir();
    fs::set_permissions(&entries, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(bench.token(), "token-1");
    assert_eq!(mode(&entries), 0o700);
}

#[test]
fn a_cache_directory_that_is_a_symlink_is_not_used() {
    let bench = Bench::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let entries = bench.home.entries_dir();
    fs::create_dir_all(entries.parent().unwrap()).unwrap();
    symlink(elsewhere.path(), &entries).unwrap();
    let output = bench.request();
    assert_eq!(token_of(&output), "token-1");
    assert!(
        stderr(&output).contains("could not be stored"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_bad_installation_key_is_replaced() {
    for spoil in [
        (|key| fs::write(key, "short").unwrap()) as fn(&Path),
        |key| fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap(),
        |key| {
            fs::remove_file(key).unwrap();
            symlink("/dev/zero", key).unwrap();
        },
    ] {
        let bench = Bench::new();
        bench.token();
        let key = bench.home.entries_dir().join("installation.key");
        spoil(&key);
        assert_eq!(bench.token(), "token-2");
        assert_eq!(bench.token(), "token-2");
        assert_eq!(mode(&key), 0o600);
        assert_eq!(fs::read(&key).unwrap().len(), 32);
    }
}

#[test]
fn a_bad_installation_key_is_replaced_once_by_all() {
    let bench = Bench::new();
    bench.token();
    fs::write(bench.home.entries_dir().join("installation.key"), "short").unwrap();
    bench
        .plugin
        .takes(std::time::Duration::from_millis(300))
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(bench.token(), "token-2"));
        }
    });
    assert_eq!(bench.plugin.runs(), 2);
}

/// Requests twice; each time there is an answer and one warning line that contains `problem`.
fn unstored(bench: &Bench, problem: &str, setup: impl Fn(&mut Command)) {
    for run in 1..=2 {
        let mut command = bench.command();
        setup(&mut command);
        let output = command.output().unwrap();
        assert_eq!(token_of(&output), format!("token-{run}"));
        let warning = stderr(&output);
        assert_eq!(warning.lines().count(), 1, "{warning}");
        assert!(
            warning.contains("could not be stored") && warning.contains(problem),
            "{warning}"
        );
    }
}

#[test]
fn without_a_home_there_is_a_warning_and_an_answer() {
    let bench = Bench::new();
    unstored(&bench, "neither XDG_CACHE_HOME nor HOME", |command| {
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    });
}

#[test]
fn a_cache_directory_that_cannot_be_made_costs_no_answer() {
    let bench = Bench::new();
    unstored(&bench, "/dev/null/kcc", |command| {
        command.env("XDG_CACHE_HOME", "/dev/null");
    });
}

#[test]
fn a_keyring_that_is_not_there_is_said_and_not_replaced_by_plain_files() {
    let bench = Bench::new();
    unstored(&bench, "no keyring support", |command| {
        command.env("KUBE_CREDENTIAL_CACHE_BACKEND", "keyring");
    });
    assert!(!bench.home.entries_dir().exists());
}

#[test]
fn a_full_disk_costs_no_answer() {
    let bench = Bench::new();
    bench
        .plugin
        .answers_token(&format!("{}@RUN@", "x".repeat(4_000)))
        .unwrap();
    for run in 1..=2 {
        // A file size limit fails a write as a full disk does, with SIGXFSZ out of the way.
        let command = bench.command();
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell
            .env_clear()
            .envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
        let output = shell.output().unwrap();
        assert!(token_of(&output).ends_with(&run.to_string()));
        let warning = stderr(&output);
        assert_eq!(warning.lines().count(), 1, "{warning}");
        assert!(warning.contains("could not be stored"), "{warning}");
        assert!(bench.home.entries().is_empty(), "no part of an entry stays");
    }
}

/// A user who is not root: permission bits mean nothing to root.
struct Unprivileged {
    bench: Bench,
    binary: PathBuf,
    _folder: tempfile::TempDir,
}

impl Unprivileged {
    fn new() -> Self {
        let bench = Bench::new();
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("kcc-cache");
        fs::copy(bench.home.kcc_cache().get_program(), &binary).unwrap();
        if is_root() {
            for path in [
                folder.path(),
                bench.home.path(),
                bench.plugin.path().parent().unwrap(),
            ] {
                let give = Command::new("chown")
                    .args(["-R", "65534"])
                    .arg(path)
                    .status();
                assert!(give.unwrap().success());
            }
        }
        Self {
            bench,
            binary,
            _folder: folder,
        }
    }

    fn command(&self) -> Command {
        let template = self.bench.command();
        let mut command = Command::new(&self.binary);
        command.args(template.get_args()).env_clear();
        command.envs(template.get_envs().filter_map(|(k, v)| Some((k, v?))));
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

#[test]
fn a_read_only_cache_directory_still_answers_hits_and_costs_no_answer_on_a_miss() {
    let user = Unprivileged::new();
    assert_eq!(crate::quiet_token(&mut user.command()), "token-1");
    let entries = user.bench.home.entries_dir();
    fs::set_permissions(&entries, Permissions::from_mode(0o500)).unwrap();
    assert_eq!(crate::quiet_token(&mut user.command()), "token-1");

    let output = user.command().arg("other").output().unwrap();
    assert_eq!(token_of(&output), "token-2");
    let warning = stderr(&output);
    assert_eq!(warning.lines().count(), 1, "{warning}");
    assert!(warning.contains("could not be stored"), "{warning}");
    fs::set_permissions(&entries, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_read_only_home_costs_no_answer() {
    let user = Unprivileged::new();
    let home = user.bench.home.path();
    fs::set_permissions(home, Permissions::from_mode(0o500)).unwrap();
    let output = user.command().output().unwrap();
    fs::set_permissions(home, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(token_of(&output), "token-1");
    let warning = stderr(&output);
    assert_eq!(warning.lines().count(), 1, "{warning}");
    assert!(warning.contains("could not be stored"), "{warning}");
}

#[test]
fn a_foreign_cache_directory_is_not_used() {
    if !is_root() {
        return; // Only root can give a directory away.
    }
    let user = Unprivileged::new();
    crate::quiet_token(&mut user.command());
    // Root, in that user's home: as under sudo.
    let mut command = user.bench.command();
    let output = command.output().unwrap();
    assert_eq!(token_of(&output), "token-2");
    assert!(
        stderr(&output).contains("belongs to user id"),
        "{}",
        stderr(&output)
    );
    assert_eq!(crate::quiet_token(&mut user.command()), "token-1");
}

#[test]
fn the_originals_file_is_left_alone() {
    let bench = Bench::new();
    let file = bench.home.path().join("cache.json");
    fs::write(&file, "{\"credentials\":{}}").unwrap();
    for _ in 0..2 {
        let mut command = bench.command();
        let command = command.env("KUBE_CREDENTIAL_CACHE_FILE", &file);
        assert_eq!(crate::quiet_token(command), "token-1");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"credentials\":{}}");
    assert!(bench.home.path().join("cache.json.d").is_dir());
}
