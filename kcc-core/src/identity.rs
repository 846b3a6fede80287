//! What decides who a request is for, beside the words of the kubeconfig: variables and small files.
//!
//! Both fail closed. A variable counts if a word in its name may mean an identity, whoever's plugin
//! reads it; one too many costs a plugin run, and one too few gives away somebody's credential.

mod files;
mod words;
mod names;
mod plugins;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::environment::Environment;
use files::{Look, Watched};

pub(crate) use files::{FileState, Seen};
pub(crate) use names::KeyNames;
pub(crate) use plugins::expand;

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
