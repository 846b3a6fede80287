//! The model test: random servers, faults and subscribers, against a recomputation.

mod server;
mod world;

use harness::Random;
use k8s_openapi::api::core::v1::Pod;
use kcache::Compact;
use kube::core::DynamicObject;

use self::world::World;
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Form, Own, Packed, Placed};

/// Every kind of thing that has to happen often enough in a run.
const KINDS: [&str; 31] = [
    "create",
    "update",
    "delete",
    "replaced",
    "batch",
    "missed",
    "duplicate",
    "replay",
    "relist",
    "interrupted list",
    "stream in list",
    "unversioned list",
    "new incarnation",
    "restored ahead",
    "late version",
    "granted late",
    "other at an old version",
    "same version, other content",
    "bad object",
    "degraded",
    "late subscriber",
    "deferred",
    "stall",
    "lag",
    "refilter",
    "view",
    "view refilter",
    "view of view",
    "panic",
    "lag error",
    "close",
];

/// One case of the cache's model in one stored form.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    match seed % 6 {
        0 => case_of::<Own>(seed, steps),
        1 => case_of::<Packed>(seed, steps),
        2 => case_of::<Pod>(seed, steps),
        3 => case_of::<Compact<Pod>>(seed, steps),
        4 => case_of::<Compact<Pod, Placed>>(seed, steps),
        _ => case_of::<DynamicObject>(seed, steps),
    }
}

fn case_of<V: Form>(seed: u64, steps: usize) -> Outcome {
    paused(async {
        let mut world = World::<V>::new(Random::new(seed));
        for _ in 0..steps {
            world.step().await?;
        }
        world.finish().await
    })
}

#[test]
fn the_cache_is_its_model() {
    let coverage: Coverage = run_cases(2_000, case);
    coverage.require(&KINDS, 500);
}
