//! `-o json`: an object for each line.

use serde_json::{Map, Value, json};

use crate::lines::LogLine;
use crate::source::Source;

/// A message that is a JSON object is one here, too; any other is text.
pub(super) fn line(source: &Source, line: &LogLine) -> Value {
    let message = match serde_json::from_slice::<Map<String, Value>>(&line.text) {
        Ok(object) => Value::Object(object),
        Err(_) => String::from_utf8_lossy(&line.text).into(),
    };
    let mut value = json!({
        "namespace": source.namespace,
        "name": source.pod,
        "container": source.container,
        "message": message,
    });
    if line.more > 0 {
        value["bytesMore"] = line.more.into();
    }
    value
}
