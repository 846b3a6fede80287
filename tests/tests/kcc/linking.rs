//! kcc-cli's build script links `kcc-cache` so that it starts fast, where that works.

use std::process::Command;

#[path = "../../../kcc-cli/build.rs"]
#[expect(
    dead_code,
    clippy::print_stdout,
    reason = "cargo calls the rest, and it speaks to cargo so"
)]
mod build_script;

use build_script::WAYS;

/// An archive of the C compiler's, if it has it.
fn has(archive: &str) -> bool {
    let mut cc = Command::new("cc");
    let output = cc.arg(format!("-print-file-name={archive}")).output();
    // Of one that it does not find it prints the name.
    output.is_ok_and(|output| output.stdout.starts_with(b"/"))
}

/// That it works is what the build script finds out; that it does where it can is found out here.
#[test]
fn each_way_of_linking_works_where_its_archives_are() {
    for (way, archives) in WAYS
        .iter()
        .zip([&["libgcc_eh.a", "libc.a"][..], &["libgcc_eh.a"]])
    {
        let folder = tempfile::tempdir().unwrap();
        let arguments = way.try_in(folder.path()).unwrap();
        let expected = archives.iter().all(|archive| has(archive));
        assert_eq!(arguments.is_some(), expected, "{}", way.name);
    }
}

/// A way that does not work is left out: this linker knows no such argument.
#[test]
fn a_way_that_does_not_work_is_left_out() {
    let [way, _] = WAYS;
    let impossible = build_script::Way {
        arguments: &["-Wl,--no-such-argument"],
        ..way
    };
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(impossible.try_in(folder.path()).unwrap(), None);
}
