//! The reference models prove themselves: each fault that can be switched on is caught.

use std::panic::catch_unwind;

use kcache::{SeededFault, simulate_replicas};

use crate::coverage::{Coverage, Outcome, STEPS};
use crate::{chains, compositions, derived, model, operators, reference, shards};

/// A case of a model: its seed, and how many steps it has.
type Case = fn(u64, usize) -> Outcome;

/// How many cases a reference model may take to notice.
const PATIENCE: u64 = 300;

fn caught_by(case: Case) -> Option<u64> {
    (0..PATIENCE).find(|seed| !matches!(catch_unwind(|| case(*seed, STEPS)), Ok(Ok(_))))
}

/// Replicas on a store of their own, each step of which is many; what happened is counted in kcache's tests.
fn replicas(seed: u64, steps: usize) -> Outcome {
    simulate_replicas(seed, steps / 4).map(|_| Coverage::default())
}

/// The models, and the faults that each has to catch.
const MODELS: &[(Case, &[SeededFault])] = &[
    (
        model::case,
        &[
            SeededFault::DropDelete,
            SeededFault::RefuseOlder,
            SeededFault::LoseWakeup,
            SeededFault::ForgetUid,
            SeededFault::ForgetFirst,
        ],
    ),
    (
        reference::case,
        &[
            SeededFault::ForgetCount,
            SeededFault::KeepLookup,
            SeededFault::StaleLookup,
            SeededFault::KeepPermission,
            SeededFault::ForgetGuard,
        ],
    ),
    (
        derived::case,
        &[
            SeededFault::LastMaker,
            SeededFault::KeepGroup,
            SeededFault::FirstInput,
        ],
    ),
    (
        shards::case,
        &[SeededFault::LateRelease, SeededFault::KeepOutside],
    ),
    (
        operators::case,
        &[SeededFault::ForgetBefore, SeededFault::KeepReflected],
    ),
    (compositions::case, &[SeededFault::InputOnly]),
    (chains::case, &[SeededFault::FirstAhead]),
    (
        replicas,
        &[SeededFault::IgnoreClaims, SeededFault::IgnoreLapse],
    ),
];

/// One test for all, since the switch is one for the process. Each fault must be caught, and
/// nothing may be without one.
#[test]
fn each_seeded_fault_is_caught() {
    for (case, faults) in MODELS {
        assert_eq!(caught_by(*case), None, "without a fault");
        for fault in *faults {
            SeededFault::switch(Some(*fault));
            let caught = caught_by(*case);
            SeededFault::switch(None);
            assert!(
                caught.is_some(),
                "{fault:?} was not caught in {PATIENCE} cases"
            );
        }
    }
}
