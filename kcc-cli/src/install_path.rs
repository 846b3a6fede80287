//! Paths that outlive an upgrade of the program that they lead to.
//!
//! krew, Homebrew, nix, asdf, mise and their like keep each version in a folder of its own, remove
//! the old one some time after an upgrade, and have a place that always leads to the current one.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Whether a folder of the path is one version's: an upgrade takes the path away.
pub(crate) fn is_versioned(path: &Path) -> bool {
    let parts: Vec<&str> = names(path).collect();
    let folders = &parts[..parts.len().saturating_sub(1)];
    let is_store = |pair: &[&str]| matches!(pair[0], "nix" | "gnu") && pair[1] == "store";
    folders.iter().any(|name| is_version(name))
        || (path.is_absolute() && folders.len() > 2 && is_store(&folders[..2]))
}

/// `1.2.3`, `v0.9.0-rc.1`, `1.2.3_1`.
fn is_version(name: &str) -> bool {
    let number = name.strip_prefix('v').unwrap_or(name);
    let mut parts = number.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(is_number)
        && parts
            .next()
            .is_some_and(|minor| minor.starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether krew keeps it there; who has that folder in `PATH` has a version there.
pub(crate) fn is_in_krew_store(path: &Path) -> bool {
    let parts: Vec<&str> = names(path).collect();
    parts
        .windows(3)
        .any(|parts| parts[0] == "store" && parts[1] == "kcc" && is_version(parts[2]))
}

/// Another path of the program at `real`, by this name, that lasts.
pub(crate) fn lasting(real: &Path, name: &str) -> Option<PathBuf> {
    let mut paths = candidates(real, name).into_iter();
    paths.find(|path| leads_to(path, real))
}

/// Where a program may have a place that lasts: what the layout of its real path says, then `PATH`.
fn candidates(real: &Path, name: &str) -> Vec<PathBuf> {
    let home = env::home_dir().unwrap_or_default();
    let mut candidates = Vec::new();
    for root in real.ancestors().skip(1) {
        let Some(folder) = root.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        let Some(parent) = root.parent() else {
            continue;
        };
        let formula = real
            .strip_prefix(root)
            .ok()
            .and_then(|rest| rest.components().next());
        let formula = formula.map_or_else(PathBuf::new, |part| part.as_os_str().into());
        match folder {
            // krew: store/kcc/v1.2.3, and links in bin.
            "store" => candidates.push(parent.join("bin").join(name)),
            // Homebrew: Cellar/kcc/1.2.3, and links in opt/kcc and bin.
            "Cellar" => {
                candidates.push(parent.join("opt").join(formula).join("bin").join(name));
                candidates.push(parent.join("bin").join(name));
            }
            // asdf and mise: installs/kcc/1.2.3, and scripts in shims.
            "installs" => {
                candidates.push(parent.join("shims").join(name));
                let latest = root.join(formula).join("latest");
                candidates.extend([latest.join("bin").join(name), latest.join(name)]);
            }
            _ => {}
        }
    }
    if real.starts_with("/nix/store") || real.starts_with("/gnu/store") {
        let user = env::var("USER").unwrap_or_default();
        let profiles = [
            home.join(".nix-profile"),
            home.join(".local/state/nix/profile"),
            PathBuf::from("/etc/profiles/per-user").join(user),
            "/run/current-system/sw".into(),
            "/nix/var/nix/profiles/default".into(),
            home.join(".guix-profile"),
            "/run/current-system/profile".into(),
        ];
        candidates.extend(profiles.map(|profile| profile.join("bin").join(name)));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    candidates.extend(env::split_paths(&path).map(|folder| folder.join(name)));
    candidates
}

/// Whether a lasting path leads to this very program, by links or by a version manager's script.
fn leads_to(path: &Path, real: &Path) -> bool {
    let is_script = path.parent().and_then(Path::file_name) == Some(OsStr::new("shims"));
    path.is_absolute()
        && !is_versioned(path)
        && (is_script && path.is_file() || fs::canonicalize(path).is_ok_and(|found| found == real))
}

fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_version_is_known() {
        for path in [
            "/home/u/.krew/store/kcc/v1.2.3/kcc-cache",
            "/opt/homebrew/Cellar/kcc/1.2.3/bin/kcc-cache",
            "/home/linuxbrew/.linuxbrew/Cellar/kcc/1.2.3_1/bin/kcc-cache",
            "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-kcc/bin/kcc-cache",
            "/gnu/store/0123456789abcdfghijklmnpqrsvwxyz-kcc/bin/kcc-cache",
            "/home/u/.asdf/installs/kcc/0.9.0-rc.1/bin/kcc-cache",
            "/home/u/.local/share/mise/installs/kcc/1.2/kcc-cache",
        ] {
            assert!(is_versioned(Path::new(path)), "{path}");
        }
        for path in [
            "kcc-cache",
            "/usr/local/bin/kcc-cache",
            "/home/u/.cargo/bin/kcc-cache",
            "/home/u/.krew/bin/kubectl-kcc",
            "/opt/homebrew/opt/kcc/bin/kcc-cache",
            "/home/u/.nix-profile/bin/kcc-cache",
            "/run/current-system/sw/bin/kcc-cache",
            "/home/u/.asdf/shims/kcc-cache",
            "/opt/v2/bin/kcc-cache",
            "/opt/python3.11/bin/kcc-cache",
            "/home/u/store/kcc/kcc-cache",
            "/bin/1.2.3",
        ] {
            assert!(!is_versioned(Path::new(path)), "{path}");
        }
    }
}
