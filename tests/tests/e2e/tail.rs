//! kcache-join's example `tail` as a process: the same cases on the in-memory server, whose Pods have logs, and
//! on the real kube-apiserver, which gets them from a stand-in for a kubelet.

mod cases;
mod colours;
mod load;
mod program;
mod refusals;
mod selections;
mod stage;

use libtest_mimic::Trial;

use crate::trial::{Outcome, Run, anywhere, on_cluster};
use stage::Stage;

/// A case for both servers, in a namespace of its own.
type Case = fn(&Stage) -> Outcome;

/// All cases, on one of the servers.
macro_rules! cases_on {
    ($on:expr) => {
        cases_on!($on;
            pods_are_relabelled,
            a_service_selects_others,
            a_container_starts_again,
            a_log_is_rotated,
            a_pod_comes_back_under_its_name,
            a_line_is_cut,
            a_log_ends_without_a_line_feed,
            a_restart_is_reported_late,
            a_pod_comes_back_into_the_selection,
        )
    };
    ($on:expr; $($case:ident),* $(,)?) => {
        &[$((stringify!($case), || {
            let case: Case = cases::$case;
            case(&$on(stringify!($case))?)
        })),*]
    };
}

const MEMORY: &[(&str, Run)] = cases_on!(Stage::memory);
const REAL: &[(&str, Run)] = cases_on!(Stage::real);

pub(crate) fn trials() -> Vec<Trial> {
    [
        anywhere("tail::memory", MEMORY),
        anywhere("tail", selections::TRIALS),
        anywhere("tail", refusals::TRIALS),
        anywhere("tail", colours::TRIALS),
        anywhere("tail", load::MEMORY),
        on_cluster("tail::real", REAL),
        on_cluster("tail", load::REAL),
    ]
    .into_iter()
    .flatten()
    .collect()
}
