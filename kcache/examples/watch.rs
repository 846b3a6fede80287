//! Watches Pods: prints what is there, then every change of it.
//!
//! ```sh
//! cargo run -p kcache --example watch -- --namespace shop
//! ```
//!
//! Without `--namespace` it is your context's namespace; `--namespace ""` is all of them. It reads
//! and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use k8s_openapi::api::core::v1::Pod;
use kcache::client::ClientConfig;
use kcache::{Event, Informer, Key};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("watch: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = ClientConfig::load()?; // KUBECONFIG, ~/.kube/config, or the Pod's service account
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let mut args = std::env::args().skip_while(|arg| arg != "--namespace");
    let pods = Informer::<Pod>::builder(client)
        .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
        .start();
    pods.ready_or_refused().await?; // the cache is complete, or 401, 403, 404

    let mut changes = pods.subscribe();
    let start = changes.snapshot().await?; // one state; `next` goes on from there without a gap
    println!("{} Pods", start.objects.len());
    for pod in &start.objects {
        println!("  {}", Key::of(&**pod));
    }
    while let Some(event) = changes.next().await {
        match event {
            Event::Create { new } => println!("+ {}", Key::of(&*new)),
            Event::Update { old, new } => {
                println!("~ {} {} > {}", Key::of(&*new), phase(&old), phase(&new));
            }
            Event::Delete { old } => println!("- {}", Key::of(&*old)),
        }
    }
    Ok(())
}

fn phase(pod: &Pod) -> &str {
    let status = pod.status.as_ref();
    status
        .and_then(|status| status.phase.as_deref())
        .unwrap_or("Unknown")
}
