//! What an executable of Linux says of itself.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use object::elf::DT_NEEDED;
use object::read::elf::{Dyn, ElfFile64, ProgramHeader};
use object::{LittleEndian, Object};

/// Fails where a dynamic loader or a shared library would be needed.
pub(super) fn ensure_static(path: &Path) -> Result<()> {
    let (shown, bytes) = (path.display(), read(path)?);
    let elf = parse(path, &bytes)?;
    for header in elf.elf_program_headers() {
        let loader = header.interpreter(LittleEndian, &*bytes)?;
        ensure!(
            loader.is_none(),
            "{shown} names a dynamic loader: it is not static"
        );
        let entries = header.dynamic(LittleEndian, &*bytes)?;
        let mut entries = entries.unwrap_or_default().iter();
        let needs = entries.any(|entry| entry.d_tag(LittleEndian) == DT_NEEDED);
        ensure!(!needs, "{shown} needs a shared library");
    }
    Ok(())
}

/// Fails where it has a table of symbols.
pub(super) fn ensure_stripped(path: &Path) -> Result<()> {
    let bytes = read(path)?;
    let elf = parse(path, &bytes)?;
    let symbols = elf.symbol_table();
    ensure!(symbols.is_none(), "{} is not stripped", path.display());
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<ElfFile64<'a, LittleEndian>> {
    let elf = ElfFile64::parse(bytes);
    elf.with_context(|| format!("{} is no 64-bit little-endian ELF file", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This test is linked dynamically and has its symbols.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_dynamic_program_with_symbols_is_refused() {
        let own = std::env::current_exe().unwrap();
        let error = ensure_static(&own).unwrap_err().to_string();
        assert!(error.contains("not static"), "{error}");
        let error = ensure_stripped(&own).unwrap_err().to_string();
        assert!(error.contains("not stripped"), "{error}");
    }
}
