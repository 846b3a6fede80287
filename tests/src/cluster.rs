//! The real cluster: kube-apiserver with etcd in one process, and kubectl of the same version.
//!
//! Both are built from Go source once (see [`Binaries::build`]); a [`Cluster`] starts in two or
//! three seconds, takes 300 MB, and listens on 127.0.0.1 only. RBAC is on; no controllers run.
//!
//! ```no_run
//! use harness::cluster::{Cluster, ClusterOptions, KubeconfigUser, TokenUser};
//!
//! let cluster = Cluster::start(ClusterOptions::default())?;
//! cluster.bind_group("testers", "cluster-admin")?;
//! cluster.set_tokens(&[TokenUser::new("secret", "alice", &["testers"])])?;
//! let kubeconfig = cluster
//!     .kubeconfig()
//!     .with_user("alice", KubeconfigUser::Token("secret".into()))
//!     .write()?;
//! let output = cluster
//!     .kubectl_with(kubeconfig.path())
//!     .args(["get", "namespaces"])
//!     .output()?;
//! assert!(output.status.success());
//! assert_eq!(cluster.auth_log()?.of_token("secret").rejected, 0);
//! # Ok::<(), anyhow::Error>(())
//! ```

mod progress;
mod go;
mod binaries;
mod credentials;
mod kubeconfig;
mod server;
mod running;
mod rbac;
mod backup;
mod availability;

pub use availability::{shared, unavailable};
pub use backup::Backup;
pub use binaries::Binaries;
pub(crate) use binaries::hex;
pub use credentials::{AuthCount, AuthEntry, AuthLog, ClientCertificate, TokenUser};
pub use go::{Go, NoGo};
pub use kubeconfig::{ExecUser, Kubeconfig, KubeconfigFile, KubeconfigUser};
pub use progress::{Progress, Task};
pub use running::{Cluster, ClusterOptions};
pub use server::Ready;
