//! The commands of `kcc`, and what `kcc-cache` does. The two binaries only hand over their arguments.
//!
//! ```text
//! kcc-cache ──► wrapper ◄── exec ◄── args ◄── kcc
//!                 │                   │ list, clear, warm, explain, doctor, ...
//!                 ▼                   ▼
//!              kcc-core            kcc-core
//! ```
//!
//! `kcc-cache` is what every kubectl call starts, so [`wrapper`] uses nothing but `kcc-core`; what only
//! `kcc` needs, such as clap, is not linked into it.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!("kcc and kcc-cache run on Unix alone: on its file modes, locks and signals");

// What every kubectl call starts: `kcc-cache` with its warnings, and its process in the background.
mod background;
pub mod wrapper;
// Output for people, and what it hides.
pub mod terminal;
mod redaction;
// The contexts of a command, and the plugin of each as kubectl would run it.
mod contexts;
mod plugin_context;
// Kubeconfigs: what is put in front of a plugin, the edit of a text, the replacement of files.
mod install_path;
mod wrapper_command;
pub mod edit;
mod rewrite;
// A file for each command of `kcc`, and its command line.
mod commands;
pub mod args;
