#![doc = include_str!("../README.md")]

// The ground: names, secrets, time, and what Go's standard library does with paths, URLs and texts.
pub mod variable;
mod secret;
mod clock;
mod environment;
mod path;
mod search_path;
mod base64;
mod pem;
mod url;
mod yaml;

// What others define: the exec credential protocol, kubeconfigs, and kuberc's policy.
mod exec;
pub mod kubeconfig;
mod wrapper;
mod notice;
mod policy;

// Which credential is meant.
mod identity;
mod key;

// What processes share: the store, and who was given what.
mod process;
mod store;
mod use_log;

// What the user sets, and the plugin that runs by it.
mod settings;
mod plugin;

// The cache, on all of these.
mod error;
mod cache;

// A `kube::Client` whose credentials come from it.
#[cfg(feature = "client")]
pub mod client;

pub use cache::{
    CredentialCache, EntryDetails, EntryInfo, EntryState, Inspection, KeyFile, Request,
    RequestProblem, Response, Source,
};
pub use clock::{Clock, SystemClock};
pub use environment::Environment;
pub use error::Error;
pub use exec::{
    ApiVersion, CredentialKind, ExecCredential, ExecInfo, ExecInfoError, OutputProblem,
};
pub use key::{is_harmless_option, is_harmless_variable};
pub use notice::{MissReason, Notice, Notify};
pub use plugin::{End, Failure, FailureClass, PluginError, StartProblem, ending_signals};
pub use policy::{PluginPolicy, PolicyError};
pub use search_path::{LookUpError, SearchPath};
pub use secret::Secret;
pub use settings::{Settings, SettingsError, Warnings};
