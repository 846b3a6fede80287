//! kube-rs, by the same lines as the clients in other languages.

use std::collections::HashMap;
use std::io::{self, BufRead as _, Write as _};

use k8s_openapi::api::core::v1::Namespace;
use kube::config::KubeConfigOptions;
use kube::{Api, Client, Config};

/// One line on standard input is one request; one line on standard output is its status.
fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut clients = HashMap::new();
    say("ready")?;
    for line in io::stdin().lock().lines() {
        let context = line?.trim().to_owned();
        let said = match runtime.block_on(get(&mut clients, &context)) {
            Ok(()) => "200".to_owned(),
            Err(kube::Error::Api(status)) => status.code.to_string(),
            Err(error) => format!("error {}", chain(&error)),
        };
        say(&said)?;
    }
    Ok(())
}

async fn get(clients: &mut HashMap<String, Client>, context: &str) -> kube::Result<()> {
    if !clients.contains_key(context) {
        let options = KubeConfigOptions {
            context: Some(context.to_owned()).filter(|name| !name.is_empty()),
            ..KubeConfigOptions::default()
        };
        let config = Config::from_kubeconfig(&options).await;
        let config = config.map_err(|error| kube::Error::Service(error.into()))?;
        clients.insert(context.to_owned(), Client::try_from(config)?);
    }
    let api: Api<Namespace> = Api::all(clients[context].clone());
    api.get("default").await.map(drop)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn say(text: &str) -> io::Result<()> {
    let words: Vec<_> = text.split_whitespace().collect();
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", words.join(" "))?;
    stdout.flush()
}
