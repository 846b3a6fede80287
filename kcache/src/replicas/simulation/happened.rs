//! What happened in a run.

use std::collections::BTreeMap;

/// How often things happened.
#[cfg_attr(
    not(kcache_faults),
    expect(unreachable_pub, reason = "exported for tests only")
)]
pub type Happened = BTreeMap<&'static str, u64>;
