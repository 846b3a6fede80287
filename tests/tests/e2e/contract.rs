//! The server contract: what every API server does that our clients rely on. The same checks run on
//! the real kube-apiserver and on the in-memory one, so that this cannot drift from that.

mod objects;
mod wire;

use std::pin::Pin;
use std::sync::OnceLock;

use harness::cluster::{self, TokenUser};
use harness::memory::{ApiServer, Served};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;

use crate::trial::{Outcome, cluster_for_testers};
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
    let all = [objects::CHECKS].concat();
    all.into_iter()
        .flat_map(|check| {
            let (name, _) = check;
            [
                Trial::test(format!("contract::memory::{name}"), move || {
                    run(check, memory_service())
                }),
                Trial::test(format!("contract::memory_tls::{name}"), move || {
                    run(check, memory_tls()?)
                }),
                Trial::test(format!("contract::real::{name}"), move || {
                    run(check, real()?)
                })
                .with_ignored_flag(ignored),
            ]
        })
        .collect()
}

fn run((_, check): Check, wire: Wire) -> Outcome {
    Runtime::new()?.block_on(check(wire))
}

fn memory_service() -> Wire {
    Wire::service(ApiServer::new().service())
}

fn memory_tls() -> Result<Wire, Failed> {
    static SERVED: OnceLock<Result<Served, String>> = OnceLock::new();
    let served = SERVED.get_or_init(|| {
        let server = ApiServer::new();
        server.add_token(&TokenUser::new(TOKEN, "tester", &["testers"]));
        server.serve().map_err(|error| format!("{error:#}"))
    });
    let served = served
        .as_ref()
        .map_err(|error| Failed::from(error.clone()))?;
    Wire::tls(served.address(), served.ca_pem(), Some(TOKEN))
}

fn real() -> Result<Wire, Failed> {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new(TOKEN, "tester", &["testers"]))?;
    let address = cluster
        .server_url()
        .trim_start_matches("https://")
        .parse()?;
    Wire::tls(address, cluster.ca_pem(), Some(TOKEN))
}
