//! The Pods that requests to an Ingress can reach, live: its Services, and the Pods they select.
//!
//! ```sh
//! cargo run -p kcache-join --example join -- --namespace shop --ingress web
//! ```
//!
//! Without `--ingress` it is all Ingresses. It reads and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kcache::client::ClientConfig;
use kcache::{Event, Filter, Informer, Key};
use kcache_join::relations;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("join: {error}");
        std::process::exit(1);
    }
}

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = ClientConfig::load()?;
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let namespace = option("--namespace").unwrap_or(config.namespace().to_owned());

    let ingresses = Informer::<Ingress>::builder(client.clone())
        .namespace(&namespace)
        .start();
    let services = Informer::<Service>::builder(client.clone())
        .namespace(&namespace)
        .start();
    let pods = Informer::<Pod>::builder(client)
        .namespace(&namespace)
        .start();
    let chosen = ingresses.view(match option("--ingress") {
        Some(name) => Filter::name(&namespace, &name),
        None => Filter::everything(),
    });
    let reached = relations::ingress_pods().join(&chosen, &services, &pods);
    reached.ready_or_refused().await?;
    println!("{} Pods", reached.cache().len());
    let mut changes = reached.subscribe(); // a join is a publisher: labels, selectors, backends show
    while let Some(event) = changes.next().await {
        let key = Key::of(&**event.object());
        match event {
            Event::Create { .. } => println!("+ {key}"),
            Event::Update { .. } => println!("~ {key}"),
            Event::Delete { .. } => println!("- {key}"),
        }
    }
    Ok(())
}
