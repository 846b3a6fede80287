#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// A module uses only what is declared before it.

// The ground: names of variables, secrets, time, and an environment with what a kubeconfig declares in
// it; then paths, PATH, base64, PEM, URLs and YAML as Go or kubectl reads them.
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

// What others define: the exec credential protocol with its expiry rules, kubeconfigs, how the cache
// in front of a plugin is recognised; then what a caller is told, and which plugins a kuberc allows.
mod exec;
pub mod kubeconfig;
mod wrapper;
mod notice;
mod policy;

// Which credential is meant: the variables and files that decide it, and the key made of them and of all
// that a kubeconfig's user declares (`environment` marks that).
mod identity;
mod key;

// What processes share: who they are and which one is the client, also behind a shell; the files of the
// cache directory (sealed or not, pruned, with the log of warnings), and the log of uses that shows a
// credential which the server refused.
mod process;
mod store;
mod use_log;

// What the user sets, such as the margin and where warnings go, and a plugin's run: a key's locks, the
// failure that those who waited share, time limit, output, stderr, signals, the terminal.
mod settings;
mod plugin;

// The cache, on all of these: which entry answers (also a client that does not say its version), which of
// many requests runs the plugin and how the others get its answer, what it is told and whose login takes
// turns, which use counts as a refusal by what is known of its client, how a good entry is replaced by
// hand, what answers where the plugin fails or nothing can be stored, when a refresh ahead is due and for
// how long (`background` of kcc-cli starts the process that makes it, without terminal and pipes), what is
// stored and what of it can be listed, and how a kubeconfig's user becomes a request.
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
