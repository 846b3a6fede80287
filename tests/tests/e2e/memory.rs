//! What the in-memory API server does beside the contract: faults, a paused clock, connections, and
//! the real kubectl.

mod clients;
mod connections;
mod faults;
mod habits;
mod history;
mod informers;
mod kubectl;

use std::pin::Pin;

use harness::memory::ApiServer;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::contract::wire::Wire;
use crate::trial::{Outcome, anywhere, on_cluster};

/// A trial on a server of its own.
type Check = (&'static str, Body);
type Body = fn(ApiServer, Wire) -> Pin<Box<dyn Future<Output = Outcome>>>;

/// Names a check after its function.
macro_rules! checks {
    ($($check:ident),* $(,)?) => {
        &[$((stringify!($check), |server, wire| Box::pin($check(server, wire)))),*]
    };
}
use checks;

pub(crate) fn trials() -> Vec<Trial> {
    let checks = [
        faults::CHECKS,
        habits::CHECKS,
        history::CHECKS,
        informers::CHECKS,
    ]
    .concat();
    let checks = checks
        .into_iter()
        .map(|(name, check)| Trial::test(format!("memory::{name}"), move || paused(check)));
    checks
        .chain(anywhere("memory", clients::TRIALS))
        .chain(anywhere("memory", connections::TRIALS))
        .chain(on_cluster("memory", kubectl::TRIALS))
        .collect()
}

/// Nothing here has a socket, so that the clock can jump.
fn paused(check: Body) -> Outcome {
    let server = ApiServer::new();
    let wire = Wire::service(server.service());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?
        .block_on(check(server, wire))
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": "default", "name": name, "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "c", "image": "i" }] },
        "status": { "phase": "Running" },
    })
}

const PODS: &str = "/api/v1/namespaces/default/pods";
