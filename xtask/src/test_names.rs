//! Tests that the documentation names are there: cargo runs none for a name that does not exist, and
//! says nothing.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{rust_files, step};

/// The pages that say which test holds which promise.
const PAGES: [&str; 2] = ["docs/cache-rules.md", "docs/testing.md"];
const SOURCES: [&str; 5] = [
    "kcc-core/src",
    "kcc-cli/src",
    "kcache",
    "kcache-join",
    "tests",
];

/// The functions of each module, by the last name of the module.
type Functions = BTreeMap<String, Vec<String>>;

pub(crate) fn check() -> Result<()> {
    let functions = functions()?;
    let (mut count, mut missing) = (0, vec![]);
    for page in PAGES {
        let text = fs::read_to_string(step::root().join(page)).context(page)?;
        for (number, line) in text.lines().enumerate() {
            for name in names(line) {
                count += 1;
                if !is_there(name, &functions) {
                    missing.push(format!("{page}:{}: no test {name}", number + 1));
                }
            }
        }
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    step::say(&format!(
        "{count} names of tests in {}",
        PAGES.join(" and ")
    ));
    Ok(())
}

/// A function counts for its file and for each folder that the file is in: both may be its module.
fn functions() -> Result<Functions> {
    let mut functions = Functions::new();
    for folder in SOURCES {
        for path in rust_files::below(&step::root().join(folder))? {
            let text = fs::read_to_string(&path)?;
            let path = path.strip_prefix(step::root())?.with_extension("");
            for module in &path {
                let known = functions.entry(module.display().to_string()).or_default();
                known.extend(text.lines().flat_map(functions_of).map(str::to_owned));
            }
        }
    }
    Ok(functions)
}

/// Paths of tests between backticks, as in `rules::a_test`, `rules::*` or `rules::`.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| {
        let rest = text.strip_suffix('*').unwrap_or(text);
        rest.contains("::")
            && !rest.starts_with("harness::")
            && rest
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':'))
    };
    line.split('`').skip(1).step_by(2).filter(is_name)
}

fn is_there(name: &str, functions: &Functions) -> bool {
    let parts: Vec<_> = name.split("::").filter(|part| *part != "tests").collect();
    let [.., module, function] = parts[..] else {
        return false;
    };
    let of_module = functions.get(module);
    match function.strip_suffix('*').unwrap_or(function) {
        "" => of_module.is_some(),
        start => of_module.is_some_and(|all| {
            let whole = !function.ends_with('*');
            all.iter()
                .any(|known| known == start || !whole && known.starts_with(start))
        }),
    }
}

/// The function that begins in a line, and what it has between quotes: trials may have other names.
fn functions_of(line: &str) -> impl Iterator<Item = &str> {
    let function = line.split_once("fn ").map(|(_, rest)| rest);
    let function = function.and_then(|rest| rest.split(['(', '<']).next());
    let quoted = line.split('"').skip(1).step_by(2);
    function
        .into_iter()
        .chain(quoted.map(|text| text.rsplit("::").next().unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_path_of_small_letters() {
        let line = "`rules::a`, `all::*` and `Publisher::view`, `plain`, `key::`";
        let found: Vec<_> = names(line).collect();
        assert_eq!(found, ["rules::a", "all::*", "key::"]);
    }

    #[test]
    fn what_is_named_is_looked_for_in_its_module() {
        let functions = Functions::from([("rules".to_owned(), vec!["a_test".to_owned()])]);
        for (name, there) in [
            ("rules::a_test", true),
            ("key::rules::tests::a_test", true),
            ("rules::a_*", true),
            ("rules::", true),
            ("rules::b", false),
            ("other::a_test", false),
        ] {
            assert_eq!(is_there(name, &functions), there, "{name}");
        }
    }
}
