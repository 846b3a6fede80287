//! Paths by their text alone: Go's `filepath.Clean`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The shortest spelling of a path. What a symbolic link's `..` leads to is not looked up.
pub(crate) fn clean(path: &OsStr) -> OsString {
    let path = path.as_bytes();
    let is_rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = vec![];
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    let mut cleaned = if is_rooted { vec![b'/'] } else { vec![] };
    cleaned.extend(parts.join(&b'/'));
    if cleaned.is_empty() {
        cleaned.push(b'.');
    }
    OsString::from_vec(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cleaned_as_go_cleans_it() {
        for (path, cleaned) in [
            ("", "."),
            ("aws", "aws"),
            ("./aws", "aws"),
            ("/usr//bin/./aws/", "/usr/bin/aws"),
            ("/usr/lib/../bin/aws", "/usr/bin/aws"),
            ("/../aws", "/aws"),
            ("../../aws", "../../aws"),
            ("a/../../aws", "../aws"),
            ("a/..", "."),
            ("/", "/"),
        ] {
            assert_eq!(clean(OsStr::new(path)), cleaned, "{path}");
        }
    }
}
