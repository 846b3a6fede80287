//! `-o zerolog`: a line of JSON as zerolog's console writer has it: time, level, caller, message, fields. The
//! time stays as it was written.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

use crate::args::ZerologFields;
use crate::source::painted;

/// The text of a line that is a JSON object.
pub(super) fn text_of(line: &[u8], names: &ZerologFields, is_coloured: bool) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let mut part = |name: &str| fields.remove(name).map(|value| plain(&value));
    let [time, level, caller, message] =
        [&names.time, &names.level, "caller", &names.message].map(&mut part);
    let (level, style) = named(level.as_deref());
    let [style, dim] = [style, Style::new().dimmed()].map(|style| painted(style, is_coloured));
    let mut text = String::new();
    if let Some(time) = time {
        let _ = write!(text, "{dim}{time}{dim:#} ");
    }
    let _ = write!(text, "{style}{level}{style:#}");
    if let Some(caller) = caller {
        let _ = write!(text, " {caller} >");
    }
    if let Some(message) = message {
        let _ = write!(text, " {message}");
    }
    // The error is the first of the fields, which are by name.
    let error = fields.remove_entry(&names.error);
    for (name, value) in error.into_iter().chain(fields) {
        let _ = write!(text, " {dim}{name}={dim:#}{}", quoted(&value));
    }
    Some(text)
}

fn named(level: Option<&str>) -> (String, Style) {
    let (name, colour) = match level {
        Some("trace") => ("TRC", AnsiColor::Blue),
        Some("debug") => ("DBG", AnsiColor::Yellow),
        Some("info") => ("INF", AnsiColor::Green),
        Some("warn") => ("WRN", AnsiColor::Yellow),
        Some("error") => ("ERR", AnsiColor::Red),
        Some("fatal") => ("FTL", AnsiColor::Red),
        Some("panic") => ("PNC", AnsiColor::Red),
        Some(other) => {
            let start: String = other.chars().take(3).collect();
            return (start.to_uppercase(), Style::new());
        }
        None => return ("???".to_owned(), Style::new()),
    };
    (name.to_owned(), colour.on_default())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text in quotes if it has anything but visible characters in it.
fn quoted(value: &Value) -> String {
    let needs = |c: char| !c.is_ascii_graphic() || c == '"' || c == '\\';
    match value {
        Value::String(text) if text.contains(needs) => format!("{text:?}"),
        other => plain(other),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::text_of;
    use crate::args::Args;

    #[test]
    fn as_the_console_writer() {
        let names = Args::parse_from(["tail"]).zerolog;
        let line =
            br#"{"level":"warn","b":"two words","a":1,"error":"x","time":"12:00","message":"m"}"#;
        let text = text_of(line, &names, false).expect("JSON");
        assert_eq!(text, r#"12:00 WRN m error=x a=1 b="two words""#);
        assert_eq!(text_of(b"{}", &names, false).expect("JSON"), "???");
        assert_eq!(text_of(b"plain", &names, false), None);
    }

    #[test]
    fn fields_may_have_other_names() {
        let flags = [
            "tail",
            "--zerolog-timestamp-field=ts",
            "--zerolog-message-field=msg",
        ];
        let names = Args::parse_from(flags).zerolog;
        let line = br#"{"level":"info","time":7,"ts":"12:00","msg":"m"}"#;
        let text = text_of(line, &names, false).expect("JSON");
        assert_eq!(text, "12:00 INF m time=7");
    }
}
