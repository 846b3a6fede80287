//! The forms of values, and the error where one has another.

use std::ffi::OsStr;
use std::time::Duration;

use jiff::SignedDuration;

use crate::environment::Environment;

/// A longer duration is a slip, and could not be added to a time.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
const DURATION_FORM: &str = "a duration such as 30s, 5m or 1h30m, at most 100 years";

/// A `KUBE_CREDENTIAL_CACHE_*` variable has a value of another form. Final.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?}: expected {accepted}")]
pub struct SettingsError {
    name: &'static str,
    value: String,
    accepted: &'static str,
}

pub(super) fn duration(
    env: &Environment,
    name: &'static str,
) -> Result<Option<Duration>, SettingsError> {
    let Some(value) = env.non_empty(name) else {
        return Ok(None);
    };
    if value == "0" {
        return Ok(Some(Duration::ZERO));
    }
    let parsed = value
        .to_str()
        .and_then(|text| text.parse::<SignedDuration>().ok());
    let duration = parsed.and_then(|duration| Duration::try_from(duration).ok());
    let duration = duration.filter(|duration| *duration <= LONGEST);
    duration
        .map(Some)
        .ok_or_else(|| bad(env, name, DURATION_FORM))
}

pub(super) fn boolean(
    env: &Environment,
    name: &'static str,
) -> Result<Option<bool>, SettingsError> {
    match env.non_empty(name).map(OsStr::to_str) {
        None => Ok(None),
        Some(Some("0" | "f" | "false" | "F" | "FALSE" | "False")) => Ok(Some(false)),
        Some(Some("1" | "t" | "true" | "T" | "TRUE" | "True")) => Ok(Some(true)),
        Some(_) => Err(bad(env, name, "1 or 0, true or false")),
    }
}

pub(super) fn bad(env: &Environment, name: &'static str, accepted: &'static str) -> SettingsError {
    let value = env.get(name).unwrap_or_default();
    SettingsError {
        name,
        value: value.to_string_lossy().into_owned(),
        accepted,
    }
}
