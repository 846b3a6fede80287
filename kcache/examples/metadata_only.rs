//! Requests the metadata of Pods only: enough for names, labels and owners, at a fraction of the
//! memory and the traffic.
//!
//! ```sh
//! cargo run -p kcache --example metadata_only -- --namespace shop
//! ```
//!
//! It reads and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use k8s_openapi::api::core::v1::Pod;
use kcache::Informer;
use kcache::client::ClientConfig;
use kube::core::PartialObjectMeta;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("metadata_only: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = ClientConfig::load()?;
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let mut args = std::env::args().skip_while(|arg| arg != "--namespace");
    // The type requests metadata only. Where there is no type, `PartialObjectMeta<DynamicObject>` and
    // `builder_of(..).metadata_only()` do.
    let pods = Informer::<PartialObjectMeta<Pod>>::builder(client)
        .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
        .start();
    pods.ready_or_refused().await?;

    let mut changes = pods.subscribe();
    while let Some(event) = changes.next().await {
        let owners = event.object().metadata.owner_references.as_deref();
        match owners.unwrap_or_default() {
            [] => println!("{event:?} has no owner"),
            [owner, ..] => println!("{event:?} is of {} {}", owner.kind, owner.name),
        }
    }
    Ok(())
}
