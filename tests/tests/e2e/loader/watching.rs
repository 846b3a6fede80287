//! Watches as a tool has them, and a relay that counts connections.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use harness::cluster::Cluster;
use http::{Request, Version};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use libtest_mimic::Failed;
use serde_json::json;

use super::{Outcome, check};

/// A watch of `ConfigMap`s in the namespace `default`, as bytes.
pub(super) struct Watch {
    pub(super) version: Version,
    body: Body,
    seen: Vec<u8>,
}

impl Watch {
    pub(super) async fn open(client: &Client) -> Result<Self, Failed> {
        let request = Request::get("/api/v1/namespaces/default/configmaps?watch=1");
        let response = client.send(request.body(Body::empty())?).await?;
        let status = response.status();
        check(status.is_success(), format!("the watch got {status}"))?;
        Ok(Self {
            version: response.version(),
            body: response.into_body(),
            seen: Vec::new(),
        })
    }

    /// Reads on until `text` has come.
    pub(super) async fn sees(&mut self, text: &str) -> Outcome {
        let reading = async {
            while !String::from_utf8_lossy(&self.seen).contains(text) {
                let frame = self.body.frame().await.ok_or("the watch ended")??;
                self.seen.extend(frame.into_data().unwrap_or_default());
            }
            Ok::<_, Failed>(())
        };
        let read = tokio::time::timeout(Duration::from_secs(30), reading).await;
        read.map_err(|_| format!("{text} never came"))?
    }
}

/// Makes a `ConfigMap` for watches to see.
pub(super) fn make(cluster: &Cluster, name: &str) -> Outcome {
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default" },
    });
    Ok(cluster.apply(&map)?)
}

/// Passes connections on to a server, and counts them.
pub(super) struct Relay {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Relay {
    pub(super) fn before(server_url: &str) -> Result<Self, Failed> {
        let server = server_url.trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Self {
            address: listener.local_addr()?,
            accepted: Arc::default(),
        };
        let accepted = Arc::clone(&relay.accepted);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepted.fetch_add(1, SeqCst);
                if let Ok(server) = TcpStream::connect(&server) {
                    let _ = join(client, server);
                }
            }
        });
        Ok(relay)
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// How many connections there were.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }
}

/// Copies both ways until either side ends.
pub(super) fn join(one: TcpStream, other: TcpStream) -> std::io::Result<()> {
    for (mut from, mut to) in [(one.try_clone()?, other.try_clone()?), (other, one)] {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
    Ok(())
}
