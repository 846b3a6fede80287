//! A view whose filter changes while it runs: every line that you type is the next label selector.
//!
//! ```sh
//! cargo run -p kcache --example refilter -- --namespace shop
//! app=web
//! tier in (front, back), !canary
//! ```
//!
//! What leaves comes as deletes, what enters as creates, and nothing is requested again. An empty
//! line shows everything. It reads and never writes. Ctrl-C ends it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output")]

use std::error::Error;

use k8s_openapi::api::core::v1::Pod;
use kcache::client::ClientConfig;
use kcache::{Event, Filter, Informer, Key, View};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("refilter: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = ClientConfig::load()?;
    let client = config.client()?;
    client.apiserver_version().await?; // is anybody there? an informer would go on trying
    let mut args = std::env::args().skip_while(|arg| arg != "--namespace");
    let pods = Informer::<Pod>::builder(client)
        .namespace(args.nth(1).as_deref().unwrap_or(config.namespace()))
        .start();
    pods.ready_or_refused().await?;

    let shown = pods.view(Filter::everything()); // a publisher itself
    let mut changes = shown.subscribe();
    println!("type a label selector, such as app=web");
    std::thread::spawn(move || refilter(&shown));
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

fn refilter(shown: &View<Pod>) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.parse() {
            Ok(selector) => drop(shown.refilter(Filter::selector(selector))),
            Err(error) => eprintln!("{error}"),
        }
    }
}
