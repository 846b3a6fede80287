//! The kinds of patch.

use http::Method;
use serde_json::{Value, json};

use super::objects::deployment;
use super::wire::{Answer, Space, Wire};
use super::{Check, checks, is_status};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    merge_patch_removes_and_replaces,
    json_patch_applies_operations,
    json_patch_that_does_not_apply_is_invalid,
    strategic_patch_merges_lists_by_name,
    patch_of_an_old_version_is_a_conflict,
    patch_of_a_missing_object_is_not_found,
    unknown_patch_is_unsupported,
];

const MERGE: &str = "application/merge-patch+json";
const OPERATIONS: &str = "application/json-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

async fn patch(
    space: &Space<'_>,
    path: &str,
    kind: &str,
    change: &Value,
) -> Result<Answer, libtest_mimic::Failed> {
    let headers = [("content-type", kind)];
    space
        .wire
        .send(Method::PATCH, path, &headers, Some(change))
        .await
}

async fn merge_patch_removes_and_replaces(wire: Wire) -> Outcome {
    let space = wire.space("merge").await?;
    space.make("a", json!({ "a": "1", "b": "2" })).await?;
    let change = json!({ "metadata": { "labels": { "a": null, "c": "3" } } });
    let after = patch(&space, &space.maps("/a"), MERGE, &change)
        .await?
        .expect(200)?;
    let labels = &after["metadata"]["labels"];
    check(*labels == json!({ "b": "2", "c": "3" }), after.to_string())
}

async fn json_patch_applies_operations(wire: Wire) -> Outcome {
    let space = wire.space("operations").await?;
    space.make("a", json!({ "a": "1", "b/b": "2" })).await?;
    let change = json!([
        { "op": "test", "path": "/metadata/labels/a", "value": "1" },
        { "op": "replace", "path": "/metadata/labels/a", "value": "5" },
        { "op": "remove", "path": "/metadata/labels/b~1b" },
        { "op": "add", "path": "/data", "value": { "k": "v" } },
    ]);
    let after = patch(&space, &space.maps("/a"), OPERATIONS, &change)
        .await?
        .expect(200)?;
    check(
        after["metadata"]["labels"] == json!({ "a": "5" }) && after["data"]["k"] == "v",
        after.to_string(),
    )
}

async fn json_patch_that_does_not_apply_is_invalid(wire: Wire) -> Outcome {
    let space = wire.space("inapplicable").await?;
    space.make("a", json!({ "a": "1" })).await?;
    let change = json!([{ "op": "test", "path": "/metadata/labels/a", "value": "2" }]);
    let refused = patch(&space, &space.maps("/a"), OPERATIONS, &change)
        .await?
        .expect(422)?;
    is_status(&refused, "Invalid", "")
}

async fn strategic_patch_merges_lists_by_name(wire: Wire) -> Outcome {
    let space = wire.space("strategic").await?;
    let path = space.path("apps", "deployments");
    wire.post(&path, &deployment("d")).await?.expect(201)?;
    let change = json!({ "spec": { "template": { "spec": {
        "$setElementOrder/containers": [{ "name": "b" }, { "name": "c" }],
        "containers": [
            { "name": "b", "image": "i:2" },
            { "name": "a", "$patch": "delete" },
            { "name": "c", "image": "i:3" },
        ],
    } } } });
    let after = patch(&space, &format!("{path}/d"), STRATEGIC, &change)
        .await?
        .expect(200)?;
    let containers = after["spec"]["template"]["spec"]["containers"].as_array();
    let images: Vec<_> = containers
        .into_iter()
        .flatten()
        .map(|container| (container["name"].clone(), container["image"].clone()))
        .collect();
    check(
        images == [("b".into(), "i:2".into()), ("c".into(), "i:3".into())],
        after.to_string(),
    )
}

async fn patch_of_an_old_version_is_a_conflict(wire: Wire) -> Outcome {
    let space = wire.space("patch-old").await?;
    let first = space.make("a", json!({})).await?;
    space.relabel("a", json!({ "n": "1" })).await?;
    let change = json!({ "metadata": {
        "resourceVersion": first["metadata"]["resourceVersion"],
        "labels": { "n": "2" },
    } });
    let refused = patch(&space, &space.maps("/a"), MERGE, &change)
        .await?
        .expect(409)?;
    is_status(&refused, "Conflict", "the object has been modified")
}

async fn patch_of_a_missing_object_is_not_found(wire: Wire) -> Outcome {
    let space = wire.space("patch-none").await?;
    let refused = patch(&space, &space.maps("/none"), MERGE, &json!({}))
        .await?
        .expect(404)?;
    is_status(&refused, "NotFound", "configmaps \"none\" not found")
}

async fn unknown_patch_is_unsupported(wire: Wire) -> Outcome {
    let space = wire.space("patch-kind").await?;
    space.make("a", json!({})).await?;
    let refused = patch(&space, &space.maps("/a"), "application/json", &json!({}))
        .await?
        .expect(415)?;
    is_status(&refused, "UnsupportedMediaType", "")
}
