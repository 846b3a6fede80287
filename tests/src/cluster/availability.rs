//! One cluster for all tests of a process, where there is one to be had.

use std::io::Write as _;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use super::{Cluster, ClusterOptions, Go, NoGo, binaries};
use crate::ci::is_ci;

/// The cluster that the tests of this process share, started when the first one needs it. Tests that
/// use it keep to namespaces and users of their own; one that kills or restarts starts its own.
///
/// It ends with the process, and its folder goes with it.
///
/// # Errors
/// Those of [`Cluster::start`], the same for all who call it.
pub fn shared() -> Result<&'static Cluster> {
    static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            Cluster::start(ClusterOptions::default()).map_err(|error| format!("{error:#}"))
        })
        .as_ref()
        .map_err(|error| anyhow!("{error}"))
}

/// Whether tests that need a cluster are to be ignored, and why: there is no Go, and this is not
/// CI (`CI=true`), where they must run and fail. Says so on standard error, once.
pub fn unavailable() -> Option<&'static NoGo> {
    static REASON: OnceLock<Option<NoGo>> = OnceLock::new();
    REASON
        .get_or_init(|| {
            if binaries::are_named() || is_ci() {
                return None;
            }
            let reason = Go::find().err()?;
            let _ = writeln!(
                std::io::stderr(),
                "Tests on the real kube-apiserver are ignored: {reason}"
            );
            Some(reason)
        })
        .as_ref()
}
