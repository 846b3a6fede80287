//! A process in the background that refreshes a credential before its time: the same program with
//! the same arguments, and a variable that says so.

use std::process::{Command, Stdio};

use kcc_core::Environment;

/// Set for the process in the background, and taken out of what its plugin gets.
const VARIABLE: &str = "KUBE_CREDENTIAL_CACHE_IN_BACKGROUND";

/// Starts it. It keeps nothing of ours open, and nobody waits for it: where it cannot be started,
/// the credential is renewed when somebody needs it.
pub(crate) fn start() {
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let _ = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(VARIABLE, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// Whether this process is one, as its environment says, which says so no longer then. It leaves the
/// terminal: Ctrl-C there is not for it, nor can its plugin ask anybody there.
pub(crate) fn is_this(environment: &mut Environment) -> bool {
    let is_this = environment.remove(VARIABLE);
    if is_this {
        let _ = rustix::process::setsid();
    }
    is_this
}
