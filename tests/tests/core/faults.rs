//! The reference models prove themselves: each fault that can be switched on is caught.

use std::panic::catch_unwind;

use kcache::Fault;

use crate::coverage::{Outcome, STEPS};
use crate::{model, reference};

/// How many cases a reference model may take to notice.
const PATIENCE: u64 = 300;

fn caught_by(case: fn(u64, usize) -> Outcome) -> Option<u64> {
    (0..PATIENCE).find(|seed| !matches!(catch_unwind(|| case(*seed, STEPS)), Ok(Ok(_))))
}

/// One test for all, since the switch is one for the process. Each fault must be caught, and
/// nothing may be without one.
#[test]
fn each_seeded_fault_is_caught() {
    let faults = [
        (Fault::DropDelete, model::case as fn(u64, usize) -> Outcome),
        (Fault::RefuseOlder, model::case),
        (Fault::LoseWakeup, model::case),
        (Fault::ForgetUid, model::case),
        (Fault::ForgetFirst, model::case),
        (Fault::ForgetCount, reference::case),
    ];
    for (fault, case) in faults {
        Fault::switch(None);
        assert_eq!(caught_by(case), None, "without a fault");
        Fault::switch(Some(fault));
        let caught = caught_by(case);
        Fault::switch(None);
        assert!(
            caught.is_some(),
            "{fault:?} was not caught in {PATIENCE} cases"
        );
    }
}
