//! The server contract: what every API server does that our clients rely on. The same checks run on
//! the real kube-apiserver and on the in-memory one, so that this cannot drift from that.

mod access;
mod expiry;
mod forms;
pub(crate) mod lists;
mod logs;
mod objects;
mod patches;
pub(crate) mod protobuf;
mod streaming;
mod watches;
pub(crate) mod wire;

use std::pin::Pin;
use std::sync::OnceLock;

use harness::cluster::{self, Cluster, ClusterOptions, TokenUser};
use harness::memory::{ApiServer, Served};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::trial::{Outcome, check, cluster_for_testers};
use wire::Wire;

/// One check.
type Check = (
    &'static str,
    fn(Wire) -> Pin<Box<dyn Future<Output = Outcome>>>,
);

/// Names a check after its function.
macro_rules! checks {
    ($($check:ident),* $(,)?) => {
        &[$((stringify!($check), |wire| Box::pin($check(wire)))),*]
    };
}
use checks;

const TOKEN: &str = "contract-token";

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = cluster::unavailable().is_some();
    let all = [
        objects::CHECKS,
        patches::CHECKS,
        lists::CHECKS,
        watches::CHECKS,
        streaming::CHECKS,
        forms::CHECKS,
        access::CHECKS,
        logs::CHECKS,
    ]
    .concat();
    let checks = all.into_iter().flat_map(|check| {
        let (name, _) = check;
        [
            Trial::test(format!("contract::memory::{name}"), move || {
                run(check, memory_service())
            }),
            Trial::test(format!("contract::memory_protobuf::{name}"), move || {
                run(check, memory_service().in_protobuf())
            }),
            Trial::test(format!("contract::memory_tls::{name}"), move || {
                run(check, memory_tls()?)
            }),
            Trial::test(format!("contract::real_protobuf::{name}"), move || {
                run(check, real()?.in_protobuf())
            })
            .with_ignored_flag(ignored),
            Trial::test(format!("contract::real::{name}"), move || {
                run(check, real()?)
            })
            .with_ignored_flag(ignored),
        ]
    });
    let name = "forgotten_past_is_gone";
    let expiry = [
        Trial::test(format!("contract::memory::{name}"), memory_forgets),
        Trial::test(format!("contract::real::{name}"), real_forgets).with_ignored_flag(ignored),
    ];
    checks.chain(expiry).collect()
}

fn run((_, check): Check, wire: Wire) -> Outcome {
    Runtime::new()?.block_on(check(wire))
}

fn memory_service() -> Wire {
    Wire::service(memory().service())
}

fn memory() -> ApiServer {
    let server = ApiServer::new();
    server.add_token(&TokenUser::new(TOKEN, "tester", &["testers"]));
    server
}

fn memory_tls() -> Result<Wire, Failed> {
    static SERVED: OnceLock<Result<Served, String>> = OnceLock::new();
    let served = SERVED.get_or_init(|| memory().serve().map_err(|error| format!("{error:#}")));
    let served = served
        .as_ref()
        .map_err(|error| Failed::from(error.clone()))?;
    Wire::tls(served.address(), served.ca_pem(), Some(TOKEN))
}

fn memory_forgets() -> Outcome {
    let server = memory();
    let wire = Wire::service(server.service());
    let forget = async || {
        server.compact();
        Ok(wire.clone())
    };
    Runtime::new()?.block_on(expiry::forgotten_past_is_gone(wire.clone(), forget))
}

/// A compaction takes the past from lists, a restart takes it from watches.
fn real_forgets() -> Outcome {
    let options = ClusterOptions::default().with_apiserver_flag("--etcd-compaction-interval=1s");
    let mut cluster = Cluster::start(options)?;
    cluster.bind_group("testers", "cluster-admin")?;
    let before = wire_to(&cluster)?;
    let forget = async || {
        cluster.restart()?;
        wire_to(&cluster)
    };
    Runtime::new()?.block_on(expiry::forgotten_past_is_gone(before, forget))
}

fn real() -> Result<Wire, Failed> {
    wire_to(cluster_for_testers()?)
}

fn wire_to(cluster: &Cluster) -> Result<Wire, Failed> {
    cluster.add_token(TokenUser::new(TOKEN, "tester", &["testers"]))?;
    let address = cluster
        .server_url()
        .trim_start_matches("https://")
        .parse()?;
    Wire::tls(address, cluster.ca_pem(), Some(TOKEN))
}

/// Whether this is a failure with this reason and message.
fn is_status(body: &Value, reason: &str, message: &str) -> Outcome {
    let holds = body["kind"] == "Status"
        && body["status"] == "Failure"
        && body["reason"] == reason
        && body["message"]
            .as_str()
            .is_some_and(|said| said.contains(message));
    check(holds, body.to_string())
}

pub(crate) fn version_of(object: &Value) -> String {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
