//! Real parts for tests: a kube-apiserver with its kubectl, exec plugins, and `kcc-cache` in a
//! home of its own.
//!
//! Of this workspace the library knows `kcache` alone, and of that the schema of Kubernetes' protobuf.

// What is missing: an error in CI, left out elsewhere.
mod ci;

// Programs that are built or found.
mod built_program;
mod kcc_cache;
mod python_client;

// What plays a part.
mod process_memory;
mod random;
mod exec_plugin;
mod kubectl_proxy;
mod terminal;
mod listening;
mod distance;
pub mod proxy;

// API servers, what they send, and the node behind them.
pub mod cluster;
pub mod protobuf;
mod container_logs;
pub mod memory;
mod kubelet;

pub use built_program::build_example;
pub use ci::is_ci;
pub use container_logs::{ContainerLog, ContainerLogs};
pub use distance::Distance;
pub use exec_plugin::ExecPlugin;
pub use kcc_cache::{CacheHome, build_kcc, build_kcc_cache, build_kcc_cache_with_keyring};
pub use kubectl_proxy::KubectlProxy;
pub use kubelet::Kubelet;
pub use process_memory::process_memory;
pub use python_client::PythonClient;
pub use random::Random;
pub use terminal::{at_terminal, with_terminal};

/// The code of the READMEs is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../kcache-join/README.md")]
struct Readme;

/// The guide's code, too.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
#[doc = include_str!("../../docs/joins.md")]
struct Guide;

/// And the loader's, that beside kube-rs, that of who comes from there, and that of replicas.
#[cfg(doctest)]
#[doc = include_str!("../../docs/client.md")]
#[doc = include_str!("../../docs/kube-rs.md")]
#[doc = include_str!("../../docs/migrating.md")]
#[doc = include_str!("../../docs/replicas.md")]
struct Programs;
