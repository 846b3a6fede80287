//! The commands of `kcc`, and what `kcc-cache` does. The two binaries only hand over their arguments.
//!
//! ```text
//! kcc-cache ──► front ◄── exec ◄── args ◄── kcc
//!                 │                 │ list, clear, warm, explain, doctor, ...
//!                 ▼                 ▼
//!              kcc-core          kcc-core
//! ```
//!
//! `kcc-cache` is what every kubectl call starts, so [`front`] uses nothing but `kcc-core`; what only
//! `kcc` needs, such as clap, is not linked into it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod ahead;
pub mod args;
pub mod clear;
pub mod completions;
mod contexts;
mod disclosure;
pub mod doctor;
pub mod edit;
pub mod eject;
pub mod exec;
pub mod explain;
pub mod front;
pub mod inject;
mod lasting;
pub mod list;
mod login;
pub mod man;
pub mod refresh;
mod rewrite;
pub mod selection;
pub mod sync;
pub mod terminal;
pub mod warm;
