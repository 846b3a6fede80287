//! Says what an informer is doing, and why not: syncing, live, degraded, with the typed failure.
//!
//! ```sh
//! cargo run -p kcache --example status -- --namespace shop
//! ```
//!
//! A server that is away is waited for; a 401, 403 or 404 before the first list ends the program,
//! since somebody has to do something. It reads and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use k8s_openapi::api::core::v1::Pod;
use kcache::client::ClientConfig;
use kcache::{Cause, Failure, Informer, Phase};
use tokio::sync::watch;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("status: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = ClientConfig::load()?;
    let mut args = std::env::args().skip_while(|arg| arg != "--namespace");
    let pods = Informer::<Pod>::builder(config.client()?)
        .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
        .start();
    let told = tokio::spawn(tell(pods.phases()));
    pods.ready_or_refused().await?;
    Ok(told.await?)
}

async fn tell(mut phases: watch::Receiver<Phase>) {
    phases.mark_changed(); // the present one is news, too
    while phases.changed().await.is_ok() {
        match &*phases.borrow_and_update() {
            Phase::Live => println!("live"),
            Phase::Degraded { reason, .. } => println!("degraded: {reason}: {}", advice(reason)),
            phase => match phase.failure() {
                Some(failure) => println!("syncing: {failure}: {}", advice(failure)),
                None => println!("syncing"),
            },
        }
    }
}

fn advice(failure: &Failure) -> &'static str {
    match failure.cause() {
        Cause::ConnectionRefused(_) | Cause::Unreachable(_) => "is the server up?",
        Cause::Credential(_) | Cause::Status { code: 401, .. } => "log in again",
        Cause::Status { code: 403, .. } => "you may not list or watch this",
        _ => "it is tried again",
    }
}
