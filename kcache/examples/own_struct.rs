//! A struct of your own as the stored form: three fields of each Pod are kept, and nothing else.
//! It reads and never writes; Ctrl-C ends it.
//!
//! ```sh
//! cargo run -p kcache --example own_struct -- --namespace shop
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use k8s_openapi::api::core::v1::Pod;
use kcache::{Informer, Key, Object};

/// What is kept. serde decodes a whole Pod and then converts it; a `Codec` could avoid that.
#[derive(serde::Deserialize)]
#[serde(from = "Pod")]
struct Placed {
    key: Key,
    uid: String, // with it, a Pod that was replaced by one of its name is a delete and a create
    node: String,
}

impl From<Pod> for Placed {
    fn from(pod: Pod) -> Self {
        let (key, uid) = (Key::of(&pod), pod.metadata.uid.unwrap_or_default());
        let node = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
        Self { key, uid, node }
    }
}

// Without `version` each relist is an update; filters by label and joins need `labels`, too.
#[rustfmt::skip] // one line for each answer
impl Object for Placed {
    fn namespace(&self) -> Option<&str> { Some(self.key.namespace()) }
    fn name(&self) -> &str { self.key.name() }
    fn uid(&self) -> &str { &self.uid }
}

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("own_struct: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let config = kcache::client::ClientConfig::load()?;
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let mut args = std::env::args().skip_while(|arg| arg != "--namespace");
    let pods = Informer::<Placed>::builder_of(client, kube::core::ApiResource::erase::<Pod>(&()))
        .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
        .start();
    pods.ready_or_refused().await?;
    let mut changes = pods.subscribe();
    while let Some(event) = changes.next().await {
        println!("{event:?} on {:?}", event.object().node);
    }
    Ok(())
}
