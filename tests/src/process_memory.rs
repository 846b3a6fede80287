use std::fmt::Display;

use anyhow::{Context as _, Result};

/// What a process, by its number or `self`, has of memory: a field of its `/proc/PROCESS/status`, such as `VmRSS`, or
/// `VmHWM` for the most that it ever had. In bytes.
///
/// # Errors
/// Where there is no such process, or no such field.
pub fn process_memory(process: impl Display, field: &str) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).context(path.clone())?;
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| *name == field);
    let number = found.and_then(|(_, value)| value.split_whitespace().next());
    let number = number.with_context(|| format!("no {field} in {path}"))?;
    let kibibytes: f64 = number.parse()?;
    Ok(kibibytes * 1_024.0)
}
