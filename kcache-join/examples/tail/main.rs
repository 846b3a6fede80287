//! Follows the logs of all containers of the Pods that are selected, as Pods come and go: kail on these crates.
//!
//! ```sh
//! cargo run -p kcache-join --example tail -- --svc frontend
//! cargo run -p kcache-join --example tail -- --help
//! ```
//!
//! It reads and never writes. Lines go to standard output, and what there is to say about them to standard
//! error. Ctrl-C ends it. The repository's `docs/tail.md` says more.
//!
//! ```text
//!  selection.rs   informers, views, joins: which Pods
//!      │ Batch<Pod>
//!      ▼
//!  follow.rs      one task for each container that can be read
//!      │
//!      ▼
//!  container.rs   one log after another, each from where the last ended: lines.rs, position.rs
//!      │ Line
//!      ▼
//!  output.rs      one thread that writes
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

mod args;
mod pod;
mod selection;

mod lines;
mod source;
mod output;
mod slots;
mod position;
mod progress;
mod refusals;
mod container;
mod left;
mod follow;
mod dry_run;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use args::Args;
use follow::Follow;
use kcache::client::ClientConfig;
use output::Output;
use selection::{Scope, Selection};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::read()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tail: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    args.color.write_global();
    let mut loader = ClientConfig::loader();
    if let Some(context) = &args.context {
        loader = loader.with_context(context);
    }
    let config = loader.load()?;
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let scope = Scope::of(&args, config.namespace())?;
    let selection = Selection::start(&client, &args, &scope);
    selection.ready().await?;
    if args.dry_run {
        dry_run::print(&selection.chosen.cache(), &args);
        return Ok(());
    }
    let (output, mut written) = Output::start(&args);
    let follow = Follow::new(client, selection, &args, output.clone());
    tokio::select! {
        error = follow.run() => Err(error.into()),
        written = &mut written => Ok(written??),
        () = told_to_end()? => {
            // What is there to be written is, unless nobody reads it.
            drop(output);
            let _ = tokio::time::timeout(Duration::from_secs(1), written).await;
            Ok(())
        }
    }
}

/// Ctrl-C, a terminal that is closed, or `kill`.
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::hangup(),
        SignalKind::terminate(),
    ];
    let [interrupt, hangup, terminate] = kinds.map(signal);
    let (mut interrupt, mut hangup, mut terminate) = (interrupt?, hangup?, terminate?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
