//! Logs, as far as the API server answers by itself. What comes from a kubelet is in `tail`.

use serde_json::{Value, json};

use super::wire::Wire;
use super::{Check, checks, is_status};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![a_log_is_of_a_container_that_there_is];

async fn a_log_is_of_a_container_that_there_is(wire: Wire) -> Outcome {
    let space = wire.space("logs").await?;
    let path = space.path("", "pods");
    for (name, containers) in [("one", vec!["a"]), ("two", vec!["a", "b"])] {
        let pod = pod(name, &containers);
        wire.post(&path, &pod).await?.expect(201)?;
    }
    // It is on no node yet.
    for query in [
        "/one/log",
        "/one/log?container=a",
        "/two/log?container=b&previous=true",
    ] {
        let answer = wire.get(&format!("{path}{query}")).await?;
        check(
            answer.code == 204 && answer.text.is_empty(),
            format!("{query}: {answer:?}"),
        )?;
    }
    for (query, code, reason, message) in [
        ("/none/log", 404, "NotFound", "pods \"none\" not found"),
        (
            "/one/log?container=c",
            400,
            "BadRequest",
            "container c is not valid for pod one",
        ),
        (
            "/two/log",
            400,
            "BadRequest",
            "a container name must be specified for pod two, choose one of: [a b]",
        ),
        (
            "/one/log?sinceSeconds=0",
            422,
            "Invalid",
            "must be greater than 0",
        ),
        (
            "/one/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
            422,
            "Invalid",
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ] {
        let refused = wire.get(&format!("{path}{query}")).await?.expect(code)?;
        is_status(&refused, reason, message)?;
    }
    Ok(())
}

fn pod(name: &str, containers: &[&str]) -> Value {
    let containers = containers.iter();
    let containers: Vec<_> = containers
        .map(|name| json!({ "name": name, "image": "i" }))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name },
        "spec": { "containers": containers },
    })
}
