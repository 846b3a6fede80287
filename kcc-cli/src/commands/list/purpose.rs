//! The column FOR: what each credential is for, and what tells the rows of a list apart.

use std::collections::{BTreeMap, BTreeSet};

use kcc_core::{EntryDetails, EntryInfo};

/// Parts that are the same for nearly all entries: shown only where they are not.
const COMMON: &[&str] = &[
    "APPDATA",
    "HOME",
    "KUBECACHEDIR",
    "LOGNAME",
    "USER",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
];

/// For each entry what it is for: the parts of its key that may be shown, and those in which it
/// differs from others of the same user, server and command. Where that is nothing, and two rows
/// would look alike, the begin of its file's name.
pub(super) fn purposes(entries: &[EntryInfo]) -> Vec<String> {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(details) = &entry.details {
            let row = (&details.user, &details.server, &details.command);
            alike.entry(row).or_default().push(at);
        }
    }
    let mut texts = vec![String::new(); entries.len()];
    for group in alike.values() {
        let details = || group.iter().filter_map(|at| entries[*at].details.as_ref());
        let differing = differing(&details());
        for (at, details) in group.iter().zip(details()) {
            texts[*at] = text(details, &differing);
        }
        let seen: Vec<String> = group.iter().map(|at| texts[*at].clone()).collect();
        for (at, text) in group.iter().zip(&seen) {
            if seen.iter().filter(|other| *other == text).count() > 1 {
                let mark = mark(&entries[*at]);
                let both = format!("{text} {mark}");
                both.trim_start().clone_into(&mut texts[*at]);
            }
        }
    }
    texts
}

/// The names of the parts that not all of the entries have with one value.
fn differing<'a>(group: &(impl Iterator<Item = &'a EntryDetails> + Clone)) -> BTreeSet<&'a str> {
    let parts = group.clone().flat_map(|details| &details.parts);
    let names: BTreeSet<&str> = parts.map(|(name, _)| name.as_str()).collect();
    let differs = |name: &&str| {
        let values = group.clone().map(|details| value(details, name));
        values.collect::<BTreeSet<_>>().len() > 1
    };
    names.into_iter().filter(differs).collect()
}

fn value<'a>(details: &'a EntryDetails, name: &str) -> Option<&'a str> {
    let mut parts = details.parts.iter().filter(|(known, _)| known == name);
    parts.next().map(|(_, value)| value.as_str())
}

fn text(details: &EntryDetails, differing: &BTreeSet<&str>) -> String {
    let home = value(details, "HOME").filter(|home| !home.starts_with('#'));
    let is_shown = |(name, value): &&(String, String)| {
        let says_something = !value.starts_with('#') && !COMMON.contains(&name.as_str());
        says_something || differing.contains(name.as_str())
    };
    let shown = details.parts.iter().filter(is_shown).map(|(name, value)| {
        let below_home = home.and_then(|home| name.strip_prefix(home));
        match below_home.filter(|rest| rest.starts_with('/')) {
            Some(rest) => format!("~{rest}={value}"),
            None => format!("{name}={value}"),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn mark(entry: &EntryInfo) -> String {
    let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
    name.chars().take(8).collect()
}
