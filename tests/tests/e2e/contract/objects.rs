//! Objects: create, read, replace, patch, delete, and what is refused.

use http::Method;
use serde_json::{Value, json};

use super::wire::{JSON, Wire};
use super::{Check, checks};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    create_gives_metadata,
    create_twice_is_already_exists,
    missing_is_not_found,
    watch_sees_every_change,
];

async fn create_gives_metadata(wire: Wire) -> Outcome {
    let space = wire.space("metadata").await?;
    let made = space.make("a", json!({ "app": "web" })).await?;
    let metadata = &made["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
    check(text("uid").len() == 36, made.to_string())?;
    check(
        text("resourceVersion").parse::<u64>().is_ok(),
        made.to_string(),
    )?;
    check(text("creationTimestamp").ends_with('Z'), made.to_string())?;
    check(
        made["kind"] == "ConfigMap" && made["apiVersion"] == "v1",
        made.to_string(),
    )?;
    let read = wire.get(&space.maps("/a")).await?.expect(200)?;
    check(read == made, read.to_string())
}

async fn create_twice_is_already_exists(wire: Wire) -> Outcome {
    let space = wire.space("twice").await?;
    space.make("a", json!({})).await?;
    let object = json!({ "metadata": { "name": "a" } });
    let refused = wire.post(&space.maps(""), &object).await?.expect(409)?;
    is_status(&refused, "AlreadyExists", "configmaps \"a\" already exists")?;
    check(
        refused["details"] == json!({ "name": "a", "kind": "configmaps" }),
        refused.to_string(),
    )
}

async fn missing_is_not_found(wire: Wire) -> Outcome {
    let space = wire.space("missing").await?;
    let path = space.maps("/none");
    let object = json!({ "metadata": { "name": "none" } });
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let body = (method == Method::PUT).then_some(&object);
        let refused = wire.send(method, &path, &[JSON], body).await?.expect(404)?;
        is_status(&refused, "NotFound", "configmaps \"none\" not found")?;
    }
    Ok(())
}

async fn watch_sees_every_change(wire: Wire) -> Outcome {
    let space = wire.space("changes").await?;
    let first = space.make("a", json!({ "n": "1" })).await?;
    let version = first["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    let path = space.maps(&format!("?watch=1&resourceVersion={version}"));
    let mut events = wire.watch(&path).await?;
    space.relabel("a", json!({ "n": "2" })).await?;
    space.remove("a").await?;
    let modified = events.event().await?;
    check(modified["type"] == "MODIFIED", modified.to_string())?;
    let deleted = events.event().await?;
    check(deleted["type"] == "DELETED", deleted.to_string())
}

/// Whether this is a failure with this reason and message.
pub(super) fn is_status(body: &Value, reason: &str, message: &str) -> Outcome {
    let holds = body["kind"] == "Status"
        && body["status"] == "Failure"
        && body["reason"] == reason
        && body["message"]
            .as_str()
            .is_some_and(|said| said.contains(message));
    check(holds, body.to_string())
}
