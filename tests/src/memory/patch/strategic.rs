//! Strategic merge patch. The real server takes each list's merge key from its Go types; here a
//! table of field names has to do, which holds for the built-in workloads.

use serde_json::{Map, Value};

/// Merges a patch for the field called `field` into `target`.
pub(super) fn merge(target: &mut Value, patch: &Value, field: &str) {
    match patch {
        Value::Object(patch) => merge_map(target, patch),
        Value::Array(patch) => merge_list(target, patch, field),
        other => *target = other.clone(),
    }
}

fn merge_map(target: &mut Value, patch: &Map<String, Value>) {
    if patch.get("$patch").is_some_and(|way| way == "replace") || !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else {
        return;
    };
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
        map.retain(|name, _| kept.iter().any(|key| key == name));
    }
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            remove_from(map.get_mut(list), value);
        } else if name.starts_with('$') {
            // `$setElementOrder` only sorts; `$patch` and `$retainKeys` are done.
        } else if value.is_null() {
            map.remove(name);
        } else {
            merge(map.entry(name.as_str()).or_insert(Value::Null), value, name);
        }
    }
}

fn remove_from(list: Option<&mut Value>, values: &Value) {
    if let (Some(Value::Array(list)), Some(values)) = (list, values.as_array()) {
        list.retain(|item| !values.contains(item));
    }
}

fn merge_list(target: &mut Value, patch: &[Value], field: &str) {
    let replace = patch.iter().any(|item| item["$patch"] == "replace");
    let plain = || {
        patch
            .iter()
            .filter(|item| item.get("$patch").is_none())
            .cloned()
    };
    let Some(list) = target.as_array_mut().filter(|_| !replace) else {
        *target = Value::Array(plain().collect());
        return;
    };
    if field == "finalizers" {
        list.extend(
            patch
                .iter()
                .filter(|item| !list.contains(item))
                .cloned()
                .collect::<Vec<_>>(),
        );
        return;
    }
    let Some(key) = merge_key(field, patch) else {
        *target = Value::Array(plain().collect());
        return;
    };
    for item in patch {
        let at = list.iter().position(|present| present[key] == item[key]);
        match (at, item["$patch"] == "delete") {
            (Some(at), true) => drop(list.remove(at)),
            (Some(at), false) => merge(&mut list[at], item, ""),
            (None, true) => {}
            (None, false) => list.push(item.clone()),
        }
    }
}

/// `None` for a list that is replaced as a whole.
fn merge_key(field: &str, patch: &[Value]) -> Option<&'static str> {
    let key = match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets" => "name",
        "conditions" => "type",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "ownerReferences" => "uid",
        "topologySpreadConstraints" => "topologyKey",
        "ports" if patch.iter().any(|port| port.get("containerPort").is_some()) => "containerPort",
        "ports" => "port",
        _ => return None,
    };
    patch
        .iter()
        .all(|item| item.get(key).is_some())
        .then_some(key)
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn lists_are_merged_by_their_key() {
        let mut pod = json!({ "spec": {
            "containers": [{ "name": "a", "image": "1" }, { "name": "b", "image": "1" }],
            "tolerations": [{ "key": "x" }],
        }, "metadata": { "finalizers": ["f"], "labels": { "a": "1", "b": "2" } } });
        let patch = json!({ "spec": {
            "$setElementOrder/containers": [{ "name": "b" }, { "name": "c" }],
            "containers": [
                { "name": "b", "image": "2" },
                { "name": "c" },
                { "name": "a", "$patch": "delete" },
            ],
            "tolerations": [{ "key": "y" }],
        }, "metadata": {
            "$deleteFromPrimitiveList/finalizers": ["f"],
            "finalizers": ["g"],
            "labels": { "a": null },
        } });
        merge(&mut pod, &patch, "");
        let expected = json!({ "spec": {
            "containers": [{ "name": "b", "image": "2" }, { "name": "c" }],
            "tolerations": [{ "key": "y" }],
        }, "metadata": { "finalizers": ["g"], "labels": { "b": "2" } } });
        assert_eq!(pod, expected);
    }
}
