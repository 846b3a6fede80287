//! A process in the background that refreshes a credential before its time: the same program with
//! the same arguments, a variable that says so, and what is known of the client on its standard
//! input.
//!
//! Its parent is not the client, and its environment holds what the kubeconfig sets: it could not
//! tell by itself which plugins the client's kuberc allows.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::process::{Command, Stdio};

use kcc_core::{Environment, PluginPolicy};

/// Set for the process in the background, and taken out of what its plugin gets.
pub(crate) const VARIABLE: &str = "KUBE_CREDENTIAL_CACHE_IN_BACKGROUND";

/// Starts it, for the client with this environment. It keeps nothing of ours open, and nobody waits
/// for it: where it cannot be started, the credential is renewed when somebody needs it.
pub(crate) fn start(client: &Environment) {
    let _ = try_to_start(client);
}

fn try_to_start(client: &Environment) -> io::Result<()> {
    let mut background = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(VARIABLE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let known = client.only(&PluginPolicy::VARIABLES).to_block();
    match background.stdin.take() {
        Some(mut stdin) => stdin.write_all(&known),
        None => Ok(()),
    }
}

/// The client's environment where this process is one in the background, as its own environment says,
/// which says so no longer then. It leaves the terminal: Ctrl-C there is not for it, nor can its
/// plugin prompt there.
///
/// A kubeconfig can set the variable, too. It has no say in the policy all the same: a client that
/// has one (kubectl) gives its plugin a terminal or nothing to read, never a pipe.
pub(crate) fn client(environment: &mut Environment) -> Option<Environment> {
    if !environment.remove(VARIABLE) {
        return None;
    }
    let mut pipe = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    if !pipe.metadata().ok()?.file_type().is_fifo() {
        return None;
    }
    let mut known = vec![];
    pipe.read_to_end(&mut known).ok()?;
    let _ = rustix::stdio::dup2_stdin(File::open("/dev/null").ok()?);
    let _ = rustix::process::setsid();
    Some(Environment::from_block(&known))
}
