//! The list/watch engine against a server that answers as each test says, on a paused clock: over
//! JSON, and all of it once more over protobuf.

use std::process::Command;

mod cache;
mod failures;
mod logs;
mod protobuf;
mod script;

mod encodings;
mod kinds;
mod options;
mod pages;
mod reflector;
mod relists;
mod refused;
mod restored;
mod rules;
mod shards;
mod silence;
mod texts;
mod unversioned;
mod versions;
mod waits;
mod wire;

/// By a process of its own, with this same program: compiled once more, the suite would take most of a minute.
#[test]
fn all_of_it_holds_over_protobuf() {
    if script::answers_protobuf() {
        return;
    }
    let mut suite = Command::new(std::env::current_exe().unwrap());
    let output = suite.env(script::IN_PROTOBUF, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let heard = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{heard}");
    assert!(
        told.contains(" 0 ignored; 0 measured; 0 filtered out"),
        "{told}"
    );
}
