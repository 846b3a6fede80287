use std::fs;
use std::time::{Duration, SystemTime};

use super::*;

const POINTER: Look = Look::Pointer {
    before: "configurations/config_",
    after: "",
};

#[test]
fn every_way_of_writing_a_file_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let now = || states(vec![Watched::new(path.clone(), Look::State)]);
    let mut seen = vec![now()];
    let mut differs = |what: &str| {
        let state = now();
        assert_eq!(state, now(), "{what}: it stays while nobody writes");
        assert!(!seen.contains(&state), "{what}");
        seen.push(state);
    };
    fs::write(&path, "account = one").unwrap();
    differs("it is there now");
    fs::write(&path, "account = other").unwrap();
    differs("another size");
    // Of the old size and time, as `cp -p` over it leaves it.
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let set_time = |path: &Path, time: SystemTime| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    };
    let other = folder.path().join("other");
    fs::write(&other, "account = otheR").unwrap();
    set_time(&other, time);
    fs::rename(&other, &path).unwrap();
    differs("another file in its place, of the same size and time");
    set_time(&path, time + Duration::from_secs(1));
    differs("another time");
    fs::remove_file(&path).unwrap();
    assert_eq!(now(), seen[0], "it is gone, as at first");
}

#[test]
fn where_a_file_changes_with_each_refresh_only_its_presence_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oidc-login");
    let now = || states(vec![Watched::new(path.clone(), Look::Presence)]);
    let logged_out = now();
    fs::create_dir(&path).unwrap();
    let logged_in = now();
    assert_ne!(logged_in, logged_out);
    fs::write(path.join("token"), "1").unwrap();
    assert_eq!(now(), logged_in);
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(now(), logged_out);
    fs::create_dir(&path).unwrap();
    assert_ne!(now(), logged_in, "another login");
}

#[test]
fn a_pointer_brings_the_file_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let configurations = folder.path().join("configurations");
    fs::create_dir(&configurations).unwrap();
    let active = folder.path().join("active_config");
    let now = || states(vec![Watched::new(active.clone(), POINTER)]);
    fs::write(&active, "work\n").unwrap();
    let work = configurations.join("config_work");
    let before = now();
    let paths: Vec<&PathBuf> = before.iter().map(|file| &file.path).collect();
    assert_eq!(paths, [&active, &work]);
    fs::write(&work, "account = a").unwrap();
    let account = now();
    assert_ne!(before, account);
    fs::write(configurations.join("config_home"), "account = b").unwrap();
    assert_eq!(now(), account, "another configuration's account");
    fs::write(&active, "home\n").unwrap();
    assert_ne!(now(), account, "another configuration");
    fs::write(&active, "work\n").unwrap();
    assert_eq!(now(), account, "and back");
    fs::remove_file(&active).unwrap();
    assert_eq!(now()[0].seen, Seen::Absent);
    assert_eq!(now().len(), 1);
}

#[test]
fn a_file_that_is_named_twice_counts_once() {
    let watched = Watched::new("/nowhere/config".into(), Look::State);
    assert_eq!(states(vec![watched.clone(), watched]).len(), 1);
}

#[test]
fn a_name_of_a_pointer_stays_in_its_folder() {
    let pointer = Watched::new("/g/active_config".into(), POINTER);
    let path = |name: &[u8]| pointer.pointing_to(name).map(|file| file.path);
    assert_eq!(
        path(b"work\n"),
        Some("/g/configurations/config_work".into())
    );
    assert_eq!(
        path(b"host:443"),
        Some("/g/configurations/config_host".into())
    );
    for name in [&b"../x"[..], b"/etc/passwd", b"", b"\n", b":443"] {
        assert_eq!(path(name), None);
    }
}
