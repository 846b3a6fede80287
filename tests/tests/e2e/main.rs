//! Tests on real parts: kube-apiserver, kubectl, TLS, processes and signals.

mod answers;
mod apiserver;
mod contract;
mod documents;
mod examples;
mod informers;
mod inject;
mod kubeconfig;
mod kubectl;
#[path = "../shared/ledger.rs"]
mod ledger;
mod loader;
mod manager;
mod memory;
mod operators;
mod plugin_user;
mod policy;
mod rejected;
mod replicas;
mod shards;
mod tail;
mod testers;
#[path = "../shared/trace.rs"]
mod trace;
mod trial;
mod watch;
mod wire;

use libtest_mimic::{Arguments, Trial};

fn main() {
    if loader::run_as_tool() || replicas::run_as_replica() {
        return;
    }
    let args = Arguments::from_args();
    let trials: Vec<Trial> = [
        // The longest are first, so that none of them runs alone at the end.
        watch::trials(),
        replicas::trials(),
        shards::trials(),
        operators::trials(),
        answers::trials(),
        apiserver::trials(),
        contract::trials(),
        documents::trials(),
        examples::trials(),
        informers::trials(),
        inject::trials(),
        kubeconfig::trials(),
        kubectl::trials(),
        loader::trials(),
        manager::trials(),
        policy::trials(),
        memory::trials(),
        rejected::trials(),
        tail::trials(),
        wire::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&args, trials).exit();
}
