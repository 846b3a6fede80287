//! Replicas and leaders by the Leases of the real kube-apiserver.

mod leaders;
mod members;
mod observer;
mod process;
mod soak;
mod stage;

use libtest_mimic::Trial;

pub(crate) use self::process::run as run_as_replica;
use crate::trial::{named, on_cluster};
use leaders::{
    a_leader_by_the_fields_of_client_go, refusals_of_the_server_are_named,
    two_compete_for_one_lease,
};
use members::three_share_while_they_come_go_and_are_cut_off;
use soak::five_processes_share_under_faults;

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "replicas",
        named![
            three_share_while_they_come_go_and_are_cut_off,
            two_compete_for_one_lease,
            a_leader_by_the_fields_of_client_go,
            refusals_of_the_server_are_named,
            five_processes_share_under_faults,
        ],
    )
}
