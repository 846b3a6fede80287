//! Code that follows a cluster, and its tests, which need none: a feed stands in for the informer.
//!
//! ```sh
//! cargo test -p kcache --example unit_test
//! cargo run -p kcache --example unit_test
//! ```
//!
//! The program names the Pods of your context's namespace. It never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use k8s_openapi::api::core::v1::Pod;
use kcache::{Event, Informer, Subscription};

/// Names each new Pod. It sees no difference between an informer's changes and a feed's.
async fn name_new(mut changes: Subscription<Pod>, mut tell: impl FnMut(&str)) {
    while let Some(event) = changes.next().await {
        if let Event::Create { new } = event {
            tell(new.metadata.name.as_deref().unwrap_or_default());
        }
    }
}

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("unit_test: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let config = kcache::client::ClientConfig::load()?;
    let pods = Informer::builder(config.client()?);
    let pods = pods.namespace(config.namespace()).start();
    pods.ready_or_refused().await?;
    name_new(pods.subscribe(), |name| println!("{name}")).await;
    Ok(())
}

#[tokio::test]
async fn each_pod_is_named_once() -> Result<(), kcache::Error> {
    let pod = |name| Pod {
        metadata: serde_json::from_value(serde_json::json!({ "name": name })).expect("metadata"),
        ..Pod::default()
    };
    let (pods, mut feed) = kcache::feed();
    feed.relist([pod("a")], None)?;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(name_new(pods.subscribe(), move |name| {
        drop(tell.send(name.to_owned()));
    }));
    assert_eq!(told.recv().await.as_deref(), Some("a"));
    feed.apply(pod("b"))?;
    feed.apply(pod("b"))?;
    feed.close();
    assert_eq!(told.recv().await.as_deref(), Some("b"));
    assert_eq!(told.recv().await, None);
    Ok(())
}
