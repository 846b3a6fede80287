//! What nobody can use any more goes away by itself, and nothing else does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::ahead::stored_hours_ago;
use crate::{Bench, quiet_token, token_of, wait_until};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A bench with an entry that ended two days ago, and the files that go with it.
fn with_an_old_entry() -> (Bench, Vec<PathBuf>) {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(-2 * 86_400)).unwrap();
    stored_hours_ago(72, &bench, &bench.plugin.path(), &["old"]);
    bench.plugin.expires_after(Some(3_600)).unwrap();
    let entry = bench.entry();
    let files = ["entry", "lock"].map(|extension| entry.with_extension(extension));
    assert!(files.iter().all(|file| file.exists()));
    make_old(&files[1]);
    (bench, files.into())
}

fn make_old(path: &PathBuf) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - 2 * DAY).unwrap();
}

/// A new credential, which is when it is looked for what is old.
fn miss(bench: &Bench, name: &str) {
    quiet_token(bench.command().arg(name));
}

fn is_due(bench: &Bench) {
    make_old(&bench.home.entries_dir().join("prune.stamp"));
}

fn remain(files: &[PathBuf]) -> usize {
    files.iter().filter(|file| file.exists()).count()
}

#[test]
fn what_has_long_ended_goes_with_all_its_files() {
    let (bench, files) = with_an_old_entry();
    miss(&bench, "good");
    let good: BTreeSet<_> = bench.home.entries().into_iter().collect();
    assert_eq!(
        remain(&files),
        2,
        "it was done when the first one was stored"
    );
    is_due(&bench);
    miss(&bench, "another");
    assert_eq!(remain(&files), 0);
    let left: BTreeSet<_> = bench.home.entries().into_iter().collect();
    assert_eq!(left.len(), 2);
    assert!(
        good.iter()
            .filter(|entry| !files.contains(entry))
            .all(|entry| left.contains(entry))
    );
    miss(&bench, "good");
    assert_eq!(bench.plugin.runs(), 3);
}

#[test]
fn a_hit_removes_nothing() {
    let (bench, files) = with_an_old_entry();
    miss(&bench, "good");
    is_due(&bench);
    miss(&bench, "good");
    assert_eq!(bench.plugin.runs(), 2);
    assert_eq!(remain(&files), 2);
}

#[test]
fn what_ended_today_can_still_be_listed() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(-3_600)).unwrap();
    stored_hours_ago(2, &bench, &bench.plugin.path(), &["ended"]);
    bench.plugin.expires_after(Some(3_600)).unwrap();
    is_due(&bench);
    miss(&bench, "another");
    assert_eq!(bench.home.entries().len(), 2);
}

#[test]
fn what_somebody_works_on_stays() {
    let (bench, files) = with_an_old_entry();
    let lock = File::options().write(true).open(&files[1]).unwrap();
    lock.lock().unwrap();
    is_due(&bench);
    miss(&bench, "another");
    assert_eq!(remain(&files), 2);
    drop(lock);
    is_due(&bench);
    miss(&bench, "a third");
    assert_eq!(remain(&files), 0);
}

#[test]
fn what_killed_processes_left_unfinished_goes_and_what_is_not_ours_stays() {
    let (bench, _) = with_an_old_entry();
    let folder = bench.home.entries_dir();
    let key = bench.entry().file_stem().unwrap().to_owned();
    let key = key.to_str().unwrap().replace(['1', '2'], "3");
    let leftovers = [
        format!("{key}.tmp"),
        format!("{key}.4711.tmp"),
        format!("{key}.served.4711.tmp"),
        format!("{key}.lock"),
        format!("{key}.run"),
        "installation.key.0123.tmp".to_owned(),
    ];
    let others = ["README", "notes.entry", "a.tmp.txt"];
    let all: Vec<PathBuf> = leftovers.iter().map(|name| folder.join(name)).collect();
    let others: Vec<PathBuf> = others.iter().map(|name| folder.join(name)).collect();
    for path in all.iter().chain(&others) {
        fs::write(path, "").unwrap();
    }
    is_due(&bench);
    miss(&bench, "another");
    assert_eq!(remain(&all), all.len(), "somebody may be at it");
    all.iter().chain(&others).for_each(make_old);
    is_due(&bench);
    miss(&bench, "a third");
    assert_eq!(remain(&all), 0);
    assert_eq!(remain(&others), others.len());
}

/// It gets the lock of a file that has no name any more, and opens the new one.
#[test]
fn who_waits_for_a_lock_that_is_removed_goes_on_with_the_new_one() {
    let bench = Bench::new();
    bench.token();
    let entry = bench.entry();
    let path = entry.with_extension("lock");
    fs::remove_file(&entry).unwrap();
    let lock = File::options().write(true).open(&path).unwrap();
    lock.lock().unwrap();
    let waiting = bench
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let descriptors = format!("/proc/{}/fd", waiting.id());
    let has_opened = || {
        let links = fs::read_dir(&descriptors).into_iter().flatten().flatten();
        let mut targets = links.filter_map(|link| fs::read_link(link.path()).ok());
        targets.any(|target| target == path)
    };
    wait_until("it waits", has_opened);
    fs::remove_file(&path).unwrap();
    drop(lock);
    assert_eq!(token_of(&waiting.wait_with_output().unwrap()), "token-2");
    assert!(path.exists());
}
