//! Watches any kind, named by the arguments as a manifest names it: `apiVersion` and `kind`.
//!
//! ```sh
//! cargo run -p kcache --example dynamic -- apps/v1 Deployment --namespace shop
//! cargo run -p kcache --example dynamic -- v1 Node
//! ```
//!
//! It reads and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use kcache::Informer;
use kcache::client::ClientConfig;
use kube::core::{DynamicObject, GroupVersion};
use kube::discovery::{Scope, pinned_kind};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("dynamic: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(version), Some(kind)) = (arguments.next(), arguments.next()) else {
        return Err("which kind? for example: apps/v1 Deployment".into());
    };
    let mut args = arguments.skip_while(|arg| arg != "--namespace");

    let config = ClientConfig::load()?;
    let client = config.client()?;
    let kind = version.parse::<GroupVersion>()?.with_kind(&kind);
    // The plural and the scope are the server's to say.
    let (resource, capabilities) = pinned_kind(&client, &kind).await?;
    let builder = Informer::<DynamicObject>::builder_of(client, resource.clone());
    let objects = match capabilities.scope {
        Scope::Cluster => builder.start(),
        Scope::Namespaced => builder
            .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
            .start(),
    };
    objects.ready_or_refused().await?;

    println!("{} {}", objects.cache().len(), resource.plural);
    let mut changes = objects.subscribe();
    while let Some(event) = changes.next().await {
        println!("{event:?} {}", event.object().data["status"]["phase"]);
    }
    Ok(())
}
