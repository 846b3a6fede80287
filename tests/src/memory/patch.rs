//! The kinds of patch.

mod strategic;

use serde_json::Value;

use super::resource::Resource;
use super::status::Status;

/// How a patch says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatchKind {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own: lists of objects are merged by a key.
    Strategic,
}

impl PatchKind {
    pub(super) fn of(content_type: &str, resource: &Resource) -> Result<Self, Status> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" if !resource.is_custom => Ok(Self::Strategic),
            other => {
                let message = format!(
                    "the body of the request was in an unknown format ({other}) - accepted media \
                     types include: application/json-patch+json, application/merge-patch+json, \
                     application/strategic-merge-patch+json"
                );
                Err(Status::new(415, "UnsupportedMediaType", message))
            }
        }
    }

    /// Changes `object`.
    pub(super) fn apply(self, object: &mut Value, patch: &Value) -> Result<(), Status> {
        match self {
            Self::Json => json_patch(object, patch),
            Self::Merge | Self::Strategic if !patch.is_object() => {
                Err(Status::bad_request("a merge patch has to be an object"))
            }
            Self::Merge => {
                merge(object, patch);
                Ok(())
            }
            Self::Strategic => {
                strategic::merge(object, patch, "");
                Ok(())
            }
        }
    }
}

/// RFC 7386.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(map) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            map.remove(name);
        } else {
            merge(map.entry(name.as_str()).or_insert(Value::Null), value);
        }
    }
}

fn json_patch(object: &mut Value, patch: &Value) -> Result<(), Status> {
    let Some(operations) = patch.as_array() else {
        return Err(Status::bad_request(
            "a JSON patch has to be a list of operations",
        ));
    };
    for operation in operations {
        apply_operation(object, operation).ok_or_else(|| {
            let message = "the server rejected our request due to an error in our request";
            Status::new(422, "Invalid", message).with_details(serde_json::json!({}))
        })?;
    }
    Ok(())
}

/// RFC 6902, one operation; `None` where it does not apply.
fn apply_operation(object: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let from = || operation["from"].as_str();
    match operation["op"].as_str()? {
        "add" => add(object, path, operation.get("value")?.clone()),
        "remove" => take(object, path).map(drop),
        "replace" => {
            *object.pointer_mut(path)? = operation.get("value")?.clone();
            Some(())
        }
        "move" => {
            let value = take(object, from()?)?;
            add(object, path, value)
        }
        "copy" => {
            let value = object.pointer(from()?)?.clone();
            add(object, path, value)
        }
        "test" => (object.pointer(path)? == operation.get("value")?).then_some(()),
        _ => None,
    }
}

fn add(object: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *object = value;
        return Some(());
    }
    let (parent, last) = path.rsplit_once('/')?;
    match object.pointer_mut(parent)? {
        Value::Object(map) => {
            map.insert(unescape(last), value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let at: usize = last.parse().ok().filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn take(object: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = path.rsplit_once('/')?;
    match object.pointer_mut(parent)? {
        Value::Object(map) => map.remove(&unescape(last)),
        Value::Array(items) => {
            let at: usize = last.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::{PatchKind, Value};
    use serde_json::json;

    fn patched(kind: PatchKind, mut object: Value, patch: &Value) -> Value {
        kind.apply(&mut object, patch).expect("it applies");
        object
    }

    #[test]
    fn merge_patch_follows_the_rfc() {
        let object = json!({ "a": { "b": 1, "c": 2 }, "d": [1, 2] });
        let patch = json!({ "a": { "b": null, "e": { "f": null } }, "d": [3] });
        let expected = json!({ "a": { "c": 2, "e": {} }, "d": [3] });
        assert_eq!(patched(PatchKind::Merge, object, &patch), expected);
    }

    #[test]
    fn json_patch_follows_the_rfc() {
        let object = json!({ "a": [1, 2], "b": { "x/y": 1 } });
        let patch = json!([
            { "op": "test", "path": "/a/0", "value": 1 },
            { "op": "add", "path": "/a/-", "value": 3 },
            { "op": "add", "path": "/a/0", "value": 0 },
            { "op": "remove", "path": "/b/x~1y" },
            { "op": "copy", "from": "/a", "path": "/c" },
            { "op": "move", "from": "/c/1", "path": "/d" },
            { "op": "replace", "path": "/a", "value": 5 },
        ]);
        let expected = json!({ "a": 5, "b": {}, "c": [0, 2, 3], "d": 1 });
        assert_eq!(patched(PatchKind::Json, object, &patch), expected);
        let missing = json!([{ "op": "remove", "path": "/none" }]);
        let refused = PatchKind::Json.apply(&mut json!({}), &missing);
        assert_eq!(refused.expect_err("nothing there").code(), 422);
    }
}
