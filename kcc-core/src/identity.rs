//! What decides who an ask is for, beside the words of the kubeconfig: variables and small files.
//!
//! Both fail closed. A variable counts if a word in its name may mean an identity, whoever's plugin
//! reads it; one too many costs a plugin run, and one too few gives away somebody's credential.

mod files;
mod names;
mod plugins;
mod shown;
mod words;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::environment::Environment;
use files::{Look, Watched};

pub(crate) use files::{FileState, Seen};
pub(crate) use names::KeyNames;
pub(crate) use plugins::expand;
pub use shown::{is_harmless_option, is_harmless_variable};

/// The files that say who is active, as they are now: those of a known plugin, and `own` ones.
pub(crate) fn files(
    program: &OsStr,
    args: &[OsString],
    env: &Environment,
    own: &[PathBuf],
) -> Vec<FileState> {
    let mut watched = plugins::files_of(program, args, env);
    watched.extend(
        own.iter()
            .map(|path| Watched::new(path.clone(), Look::State)),
    );
    files::states(watched)
}
