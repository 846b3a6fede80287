//! What a server says to requests for a past that it has forgotten.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::lists::{five, names};
use super::wire::Wire;
use super::{is_status, version_of};
use crate::trial::{Outcome, check, until_ok};

const LIMIT: Duration = Duration::from_secs(60);

/// One check, because the real server has to be started anew for it. `forget` makes the server
/// forget, now or soon.
pub(super) async fn forgotten_past_is_gone(
    wire: Wire,
    forget: impl AsyncFnOnce() -> Result<Wire, libtest_mimic::Failed>,
) -> Outcome {
    let space = five(&wire, "expiry").await?;
    let past = version_of(&space.list("").await?);
    let page = space.list("?limit=2").await?;
    let token = page["metadata"]["continue"].as_str().unwrap_or_default();
    space.remove("c").await?;
    let namespace = space.namespace.clone();

    let wire = forget().await?;
    let maps = |rest: &str| format!("/api/v1/namespaces/{namespace}/configmaps{rest}");
    let exact = maps(&format!(
        "?resourceVersion={past}&resourceVersionMatch=Exact"
    ));
    let is_gone = async || {
        let code = wire.get(&exact).await?.code;
        Ok(check(code != 200, "the past is still there"))
    };
    until_ok(LIMIT, is_gone).await?;
    let refused = wire.get(&exact).await?.expect(410)?;
    is_status(
        &refused,
        "Expired",
        "The resourceVersion for the provided list is too old.",
    )?;

    watch_is_refused_in_the_stream(&wire, &maps("?watch=1"), &past).await?;

    let refused = wire
        .send(
            Method::GET,
            &maps(&format!("?limit=2&continue={token}")),
            &[],
            None,
        )
        .await?
        .expect(410)?;
    is_status(
        &refused,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result.",
    )?;
    // The rest of the present state, with a token of that.
    let token = refused["metadata"]["continue"].as_str().unwrap_or_default();
    let rest = wire
        .get(&maps(&format!("?limit=2&continue={token}")))
        .await?
        .expect(200)?;
    check(names(&rest) == ["d", "e"], rest.to_string())
}

async fn watch_is_refused_in_the_stream(wire: &Wire, path: &str, past: &str) -> Outcome {
    let mut events = wire
        .watch(&format!("{path}&resourceVersion={past}"))
        .await?;
    let event = events.event().await?;
    let status = &event["object"];
    check(
        event["type"] == "ERROR" && status["code"] == json!(410),
        event.to_string(),
    )?;
    let words = format!("too old resource version: {past} (");
    is_status(status, "Expired", &words)?;
    check(events.next().await?.is_none(), "it goes on")
}
