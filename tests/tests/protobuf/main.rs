//! Protobuf against Go: every kind in both encodings.

mod difference;
mod wire;
#[path = "../shared/go.rs"]
mod go;
mod typed;
mod golden;
mod random;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let ignored = go::is_missing();
    let trials = vec![
        trial("golden_files_are_read", golden::are_read),
        trial("go_and_we_agree", random::agree),
    ];
    let trials = trials
        .into_iter()
        .map(|trial| trial.with_ignored_flag(ignored));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn trial(name: &str, run: fn() -> anyhow::Result<()>) -> Trial {
    Trial::test(name, move || {
        run().map_err(|error| format!("{error:#}").into())
    })
}
