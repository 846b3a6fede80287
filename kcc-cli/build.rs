//! Links `kcc-cache` so that it starts fast: every kubectl call starts it, and a dynamic loader and
//! its libraries take about as long as all else that an answer from the cache takes.
//!
//! `cargo install` passes no flags, so this is where it is done, on Linux with the GNU C library, in
//! optimised builds for the machine that builds. Each way is tried on a small program first, and one
//! that does not work here, say since there is no `libc.a`, is left out. `KCC_LINK=dynamic` leaves
//! out all of them.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Switches it off: `dynamic`.
const SWITCH: &str = "KCC_LINK";

/// One way of linking.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// What the linker finds in place of a shared library: linker scripts that name archives. rustc
    /// asks for the libraries as shared ones, whatever stands in the linker's other arguments.
    pub(crate) libraries: &'static [(&'static str, &'static str)],
    pub(crate) arguments: &'static [&'static str],
}

/// The best one first.
pub(crate) const WAYS: [Way; 2] = [
    Way {
        name: "static",
        libraries: &[
            ("gcc_s", "-l:libgcc_eh.a"),
            ("c", "-l:libc.a -l:libgcc_eh.a -l:libgcc.a"),
            ("dl", "-l:libdl.a"),
            ("m", "-l:libm.a"),
            ("pthread", "-l:libpthread.a"),
            ("rt", "-l:librt.a"),
            ("util", "-l:libutil.a"),
        ],
        // LLD would leave weak symbols to a dynamic loader, which is not there.
        arguments: &["-static-pie", "-Wl,-z,nodynamic-undefined-weak"],
    },
    // A library less to find, to map and to relocate.
    Way {
        name: "without-libgcc_s",
        libraries: &[("gcc_s", "-l:libgcc_eh.a")],
        arguments: &[],
    },
];

/// Uses what differs: threads, the C library's weak symbols, and its start and end.
const TRIAL: &str = r#"
fn main() {
    let said = std::thread::spawn(|| format!("{:?}", std::time::Duration::from_millis(1)));
    println!("{}", said.join().unwrap());
}
"#;
const TRIAL_SAYS: &[u8] = b"1ms\n";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SWITCH}");
    if !is_wanted() {
        return;
    }
    let folder = PathBuf::from(variable("OUT_DIR"));
    // One that cannot be tried is not used; the program is the same without.
    let arguments = WAYS
        .iter()
        .find_map(|way| way.try_in(&folder).ok().flatten());
    for argument in arguments.into_iter().flatten() {
        println!("cargo::rustc-link-arg-bin=kcc-cache={argument}");
    }
}

/// A program for another machine cannot be tried, and one that is to be static already is.
fn is_wanted() -> bool {
    let target = |name: &str| variable(&format!("CARGO_CFG_TARGET_{name}"));
    let is_static = target("FEATURE").split(',').any(|it| it == "crt-static");
    target("OS") == "linux"
        && target("ENV") == "gnu"
        && !is_static
        && variable("HOST") == variable("TARGET")
        && variable("OPT_LEVEL") != "0"
        && variable(SWITCH) != "dynamic"
}

impl Way {
    /// The linker's arguments, if a program that is linked by them does what it should.
    pub(crate) fn try_in(&self, folder: &Path) -> io::Result<Option<Vec<String>>> {
        let folder = folder.join(self.name);
        fs::create_dir_all(&folder)?;
        for (library, members) in self.libraries {
            let script = format!("GROUP({members})\n");
            fs::write(folder.join(format!("lib{library}.so")), script)?;
        }
        let mut arguments = vec![format!("-L{}", folder.display())];
        arguments.extend(self.arguments.iter().map(ToString::to_string));

        let (source, program) = (folder.join("trial.rs"), folder.join("trial"));
        fs::write(&source, TRIAL)?;
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut rustc = Command::new(rustc);
        rustc.args(["--edition=2024", "-Cpanic=abort", "-o"]);
        rustc.args([&program, &source]);
        rustc.args(arguments.iter().map(|it| format!("-Clink-arg={it}")));
        if let Some(linker) = env::var_os("RUSTC_LINKER") {
            rustc.arg("-C").arg(linker_option(linker));
        }
        let flags = variable("CARGO_ENCODED_RUSTFLAGS");
        rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
        rustc.stdout(Stdio::null()).stderr(Stdio::null());
        let works = rustc.status()?.success() && {
            let ran = Command::new(&program).output()?;
            ran.status.success() && ran.stdout == TRIAL_SAYS
        };
        Ok(works.then_some(arguments))
    }
}

fn linker_option(linker: std::ffi::OsString) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from("linker=");
    option.push(linker);
    option
}

/// Empty where it is not set.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
