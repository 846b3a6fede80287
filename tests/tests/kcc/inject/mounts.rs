//! Kubeconfigs that cannot be replaced: one file is mounted, as into a container, or its folder is
//! read-only. By real mounts, in a namespace of the test's own; without the right to them the tests
//! say that they are left out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Injection, TEXT, races, refused};
use crate::{code, quiet, stderr};

/// A home whose kubeconfig is another file, mounted there.
struct Mounted {
    bench: Injection,
    real: PathBuf,
    mounts: String,
}

impl Mounted {
    fn new() -> Option<Self> {
        let bench = Injection::new();
        let real = bench.desk.home.path().join("real");
        fs::rename(&bench.path, &real).unwrap();
        fs::write(&bench.path, "below the mount").unwrap();
        let mounts = format!("mount --bind {} {}", real.display(), bench.path.display());
        let mounted = Self {
            bench,
            real,
            mounts,
        };
        let tried = mounted.shell("true");
        if !tried.status.success() {
            let _ = writeln!(
                std::io::stderr(),
                "left out: no mounts here: {}",
                stderr(&tried)
            );
            return None;
        }
        Some(mounted)
    }

    fn with_read_only_folder(mut self) -> Self {
        let folder = self.bench.path.parent().unwrap().display().to_string();
        self.mounts = format!(
            "mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} && {}",
            self.mounts
        );
        self
    }

    fn shell(&self, script: &str) -> Output {
        self.shell_with(&self.bench.desk.kcc(&[]), script)
    }

    /// Runs a script where the mounts are, in the environment of `kcc`.
    fn shell_with(&self, kcc: &Command, script: &str) -> Output {
        let script = format!("{} && {script}", self.mounts);
        let mut unshare = Command::new("unshare");
        unshare.env_clear();
        for (name, value) in kcc.get_envs() {
            unshare.env(name, value.unwrap());
        }
        unshare.args(["-m", "sh", "-c", &script]).output().unwrap()
    }

    fn kcc(&self, args: &str) -> Output {
        self.shell(&format!("exec {} {args}", self.program()))
    }

    fn program(&self) -> String {
        let kcc = self.bench.desk.kcc(&[]);
        kcc.get_program().to_str().unwrap().to_owned()
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.real).unwrap()
    }

    /// Nothing is left beside the file, below it, or in the cache directory.
    fn is_clean(&self) {
        assert_eq!(self.bench.files(), ["config"]);
        assert_eq!(self.bench.text(), "below the mount");
        assert_eq!(copies(self.bench.desk.home.path()), Vec::<PathBuf>::new());
    }
}

fn copies(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(copies(&path));
        } else if path.extension().is_some_and(|end| end == "kcc-copy") {
            found.push(path);
        }
    }
    found
}

const INJECT: &str = "inject --command kcc-cache";

fn is_edited_in_place(mounted: &Mounted) {
    use std::os::unix::fs::MetadataExt;

    let before = fs::metadata(&mounted.real).unwrap().ino();
    quiet(&mounted.kcc(INJECT));
    assert_eq!(mounted.text().matches("command: kcc-cache").count(), 2);
    assert_eq!(fs::metadata(&mounted.real).unwrap().ino(), before);
    mounted.is_clean();
    assert!(quiet(&mounted.kcc(INJECT)).contains("already"));
    quiet(&mounted.kcc("eject"));
    assert_eq!(mounted.text(), TEXT);
    mounted.is_clean();
}

#[test]
fn a_mount_point_is_edited_in_place() {
    if let Some(mounted) = Mounted::new() {
        is_edited_in_place(&mounted);
    }
}

#[test]
fn a_writable_file_in_a_read_only_folder_is_edited_in_place() {
    if let Some(mounted) = Mounted::new() {
        is_edited_in_place(&mounted.with_read_only_folder());
    }
}

#[test]
fn without_a_place_for_a_copy_no_file_changes() {
    let Some(mounted) = Mounted::new() else {
        return;
    };
    let mounted = mounted.with_read_only_folder();
    let first = mounted.bench.desk.home.path().join("first");
    fs::write(&first, TEXT.replace("-user", "-user2")).unwrap();
    let before = fs::read_to_string(&first).unwrap();
    let mut kcc = mounted.bench.desk.kcc(&[]);
    let files = [&first, &mounted.bench.path];
    kcc.env("KUBECONFIG", std::env::join_paths(files).unwrap());
    kcc.env("XDG_CACHE_HOME", "/dev/null/nowhere");
    let script = format!("exec {} {INJECT}", mounted.program());
    let output = mounted.shell_with(&kcc, &script);
    refused(
        &output,
        &["cannot replace kubeconfig", "no copy of it can be made"],
    );
    assert_eq!(fs::read_to_string(&first).unwrap(), before);
    assert_eq!(mounted.text(), TEXT);
    mounted.is_clean();
}

#[test]
fn a_killed_edit_is_undone_by_the_next() {
    let (Some(mounted), Some(_)) = (Mounted::new(), races::strace("ftruncate:delay_enter=1"))
    else {
        return;
    };
    for mounted in [mounted, Mounted::new().unwrap().with_read_only_folder()] {
        quiet(&mounted.kcc(INJECT));
        let injected = mounted.text();
        // The new content is shorter, and the rest of the old one is not yet cut off.
        let killed = mounted.kcc_under("ftruncate:signal=KILL", "eject");
        assert_ne!(code_or_signal(&killed), Some(0));
        assert_eq!(copies(mounted.bench.desk.home.path()).len(), 1);
        assert_ne!(mounted.text(), injected);
        let looked = mounted.kcc("eject --dry-run");
        assert_eq!(copies(mounted.bench.desk.home.path()).len(), 1);
        drop(looked);
        let again = mounted.kcc("eject");
        assert_eq!(code(&again), 0, "{}", stderr(&again));
        assert_eq!(mounted.text(), TEXT);
        mounted.is_clean();
    }
}

fn code_or_signal(output: &Output) -> Option<i32> {
    output.status.code()
}

impl Mounted {
    fn kcc_under(&self, fault: &str, args: &str) -> Output {
        let program = self.program();
        self.shell(&format!(
            "exec strace -f -o /dev/null -e inject={fault} {program} {args}"
        ))
    }
}
