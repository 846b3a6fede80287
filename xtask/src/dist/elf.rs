//! What an executable of Linux says of itself (elf(5); 64 bits, little endian).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const SHT_SYMTAB: u32 = 2;
const DT_NEEDED: u64 = 1;

struct Elf {
    bytes: Vec<u8>,
}

/// Fails where a dynamic loader or a shared library would be needed.
pub(super) fn ensure_static(path: &Path) -> Result<()> {
    let elf = Elf::read(path)?;
    let shown = path.display();
    let (start, size, count) = elf.table(0x20, 0x36)?;
    for index in 0..count {
        let header = start + index * size;
        match elf.word(header)? {
            PT_INTERP => anyhow::bail!("{shown} names a dynamic loader: it is not static"),
            PT_DYNAMIC => {
                let (offset, length) = (elf.long(header + 0x8)?, elf.long(header + 0x20)?);
                for entry in (offset..offset + length).step_by(16) {
                    let tag = elf.long(usize::try_from(entry)?)?;
                    ensure!(tag != DT_NEEDED, "{shown} needs a shared library");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Fails where it has a table of symbols.
pub(super) fn ensure_stripped(path: &Path) -> Result<()> {
    let elf = Elf::read(path)?;
    let (start, size, count) = elf.table(0x28, 0x3a)?;
    for index in 0..count {
        let kind = elf.word(start + index * size + 4)?;
        ensure!(kind != SHT_SYMTAB, "{} is not stripped", path.display());
    }
    Ok(())
}

impl Elf {
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        ensure!(
            bytes.starts_with(b"\x7fELF\x02\x01"),
            "{} is no 64-bit little-endian ELF file",
            path.display()
        );
        Ok(Self { bytes })
    }

    /// Start, size of an entry and number of entries of a table; `offset` holds the first, `sizes`
    /// the other two.
    fn table(&self, offset: usize, sizes: usize) -> Result<(usize, usize, usize)> {
        Ok((
            usize::try_from(self.long(offset)?)?,
            usize::from(self.half(sizes)?),
            usize::from(self.half(sizes + 2)?),
        ))
    }

    fn half(&self, at: usize) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    fn word(&self, at: usize) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    fn long(&self, at: usize) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        let bytes = self.bytes.get(at..at + N).context("the file is cut off")?;
        Ok(bytes.try_into()?)
    }
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
