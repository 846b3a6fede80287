//! The reference models prove themselves: each fault that can be switched on is caught.

use std::panic::catch_unwind;

use kcache::{SeededFault, simulate_replicas};

use crate::coverage::{Coverage, Outcome, STEPS};
use crate::{chains, compositions, derived, model, operators, reference, shards};

/// How many cases a reference model may take to notice.
const PATIENCE: u64 = 300;

fn caught_by(case: fn(u64, usize) -> Outcome) -> Option<u64> {
    (0..PATIENCE).find(|seed| !matches!(catch_unwind(|| case(*seed, STEPS)), Ok(Ok(_))))
}

/// Replicas on a store of their own, each step of which is many; what happened is counted in kcache's tests.
fn replicas(seed: u64, steps: usize) -> Outcome {
    simulate_replicas(seed, steps / 4).map(|_| Coverage::default())
}

/// One test for all, since the switch is one for the process. Each fault must be caught, and
/// nothing may be without one.
#[test]
fn each_seeded_fault_is_caught() {
    let faults = [
        (
            SeededFault::DropDelete,
            model::case as fn(u64, usize) -> Outcome,
        ),
        (SeededFault::RefuseOlder, model::case),
        (SeededFault::LoseWakeup, model::case),
        (SeededFault::ForgetUid, model::case),
        (SeededFault::ForgetFirst, model::case),
        (SeededFault::ForgetCount, reference::case),
        (SeededFault::LastMaker, derived::case),
        (SeededFault::KeepGroup, derived::case),
        (SeededFault::FirstInput, derived::case),
        (SeededFault::LateRelease, shards::case),
        (SeededFault::KeepOutside, shards::case),
        (SeededFault::ForgetBefore, operators::case),
        (SeededFault::KeepReflected, operators::case),
        (SeededFault::InputOnly, compositions::case),
        (SeededFault::FirstAhead, chains::case),
        (SeededFault::KeepLookup, reference::case),
        (SeededFault::StaleLookup, reference::case),
        (SeededFault::KeepPermission, reference::case),
        (SeededFault::ForgetGuard, reference::case),
        (SeededFault::IgnoreClaims, replicas),
        (SeededFault::IgnoreLapse, replicas),
    ];
    for (fault, case) in faults {
        SeededFault::switch(None);
        assert_eq!(caught_by(case), None, "without a fault");
        SeededFault::switch(Some(fault));
        let caught = caught_by(case);
        SeededFault::switch(None);
        assert!(
            caught.is_some(),
            "{fault:?} was not caught in {PATIENCE} cases"
        );
    }
}
