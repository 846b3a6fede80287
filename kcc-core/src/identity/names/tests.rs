//! The rule for names, measured on what plugins read and on what sessions set.

mod of_plugins;
mod of_sessions;

use super::*;

fn decides(name: &str) -> bool {
    KeyNames::default().decide(OsStr::new(name))
}
