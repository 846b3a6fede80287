//! The logs of containers, as a kubelet keeps and serves them: those of the in-memory API server's Pods, and
//! those of the [`Kubelet`](crate::Kubelet) that stands behind the real one.
//!
//! As there, a container that starts again has a log of its own and one log before it; a log that is rotated
//! is served from where it was rotated; who follows gets what comes until the container ends.

mod options;
mod logs;
mod reader;

pub use logs::{ContainerLog, ContainerLogs};
pub(crate) use options::LogOptions;
pub(crate) use reader::LogReader;
