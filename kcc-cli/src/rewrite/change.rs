use std::io;
use std::path::Path;

/// A file and what it becomes.
#[derive(Clone, Copy)]
pub(super) struct FileChange<'a> {
    pub(super) target: &'a Path,
    pub(super) before: &'a [u8],
    pub(super) after: &'a [u8],
}

/// Whether a file may be written there and not be replaced: it is a mount point, or the folder, or
/// the file's owner, does not let us.
pub(super) fn bars_replacement(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(
        error.kind(),
        CrossesDevices | PermissionDenied | ReadOnlyFilesystem | ResourceBusy
    )
}
