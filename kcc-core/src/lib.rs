#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod ask;
mod cache;
#[cfg(feature = "client")]
pub mod client;
mod client_process;
mod clock;
mod entries;
mod environment;
mod error;
mod exec_credential;
mod exec_info;
mod expiry;
mod identity;
mod key;
pub mod kubeconfig;
mod lock;
mod pem;
mod plugin;
mod policy;
mod process;
mod prompt;
mod search;
mod secret;
mod served;
mod settings;
mod store;
mod url;
mod user_request;
mod wrapper;

pub use cache::{Answer, CredentialCache, MissReason, Notice, Notify, Request, Source};
pub use clock::{Clock, SystemClock};
pub use entries::{EntryDetails, EntryInfo, EntryState, Inspection, KeyFile};
pub use environment::Environment;
pub use error::{AnswerProblem, End, Error, Failure, FailureClass, StartProblem};
pub use exec_credential::{CredentialKind, ExecCredential};
pub use exec_info::{ApiVersion, ExecInfo};
pub use identity::{is_harmless_option, is_harmless_variable};
pub use plugin::ending_signals;
pub use policy::{PluginPolicy, PolicyError};
pub use search::{LookUpError, SearchPath};
pub use secret::Secret;
pub use settings::{Settings, Warnings, variable};
pub use user_request::RequestProblem;
pub use wrapper::plugin_position;
