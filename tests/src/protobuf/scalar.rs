//! What is a message in protobuf and a text or a number in JSON.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::Value;

use super::wire::{put_integer, put_text};

/// Seconds and nanoseconds; nothing is Go's zero.
pub(super) fn time(value: &Value, microseconds: bool) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    if value.is_null() {
        return Ok(message);
    }
    let time: Timestamp = value.as_str().context("no text")?.parse()?;
    put_integer(&mut message, 1, time.as_second());
    let nanoseconds = time.subsec_nanosecond();
    let nanoseconds = if microseconds {
        nanoseconds / 1000 * 1000
    } else {
        0
    };
    put_integer(&mut message, 2, nanoseconds.into());
    Ok(message)
}

pub(super) fn int_or_string(value: &Value) -> Result<Vec<u8>> {
    let (kind, number, text) = match value {
        Value::Null => (0, 0, ""),
        Value::Number(number) => (0, number.as_i64().context("no integer")?, ""),
        Value::String(text) => (1, 0, text.as_str()),
        _ => bail!("neither a number nor a text"),
    };
    let mut message = Vec::new();
    put_integer(&mut message, 1, kind);
    put_integer(&mut message, 2, number);
    put_text(&mut message, 3, text);
    Ok(message)
}

/// As it stands: Go would write it in its canonical form.
pub(super) fn quantity(value: &Value) -> Result<Vec<u8>> {
    let text = match value {
        Value::Null => "0".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => bail!("no quantity"),
    };
    let mut message = Vec::new();
    put_text(&mut message, 1, &text);
    Ok(message)
}

/// Nanoseconds of a text as in `1h0m0.5s`.
pub(super) fn duration(value: &Value) -> Result<Vec<u8>> {
    let text = value.as_str().unwrap_or("0s");
    let mut message = Vec::new();
    let nanoseconds = nanoseconds(text).with_context(|| format!("{text} is no duration"))?;
    put_integer(&mut message, 1, nanoseconds);
    Ok(message)
}

fn nanoseconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut sum: i128 = 0;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit);
        let end = after.find(|c: char| c.is_ascii_digit());
        let (unit, after) = after.split_at(end.unwrap_or(after.len()));
        let unit: i128 = match unit {
            "ns" => 1,
            "µs" | "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = u32::try_from(fraction.len()).ok()?;
        let number: i128 = format!("{whole}{fraction}").parse().ok()?;
        sum += number * unit / 10_i128.pow(digits);
        rest = after;
    }
    i64::try_from(sum * sign).ok()
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn a_duration_is_read_as_go_reads_it() {
        for (text, want) in [
            ("0s", Some(0)),
            ("1h2m0.5s", Some(3_720_500_000_000)),
            ("-1.5µs", Some(-1_500)),
            ("2562047h47m16.854775807s", Some(i64::MAX)),
            ("1x", None),
            ("1", None),
        ] {
            assert_eq!(nanoseconds(text), want, "{text}");
        }
    }
}
