//! The forms that clients request by `Accept`.

use http::Method;
use serde_json::{Value, json};

use super::wire::Wire;
use super::{Check, checks, is_status};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    table_lists_rows_under_columns,
    table_of_pods_is_what_kubectl_prints,
    table_rows_carry_what_was_requested,
    table_watch_heads_its_first_event_only,
    metadata_alone_is_listed_and_watched,
    first_wish_that_can_be_met_is_met,
    impossible_wish_is_not_acceptable,
];

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

async fn get_as(wire: &Wire, path: &str, accept: &str) -> Result<Value, libtest_mimic::Failed> {
    let headers = [("accept", accept)];
    wire.send(Method::GET, path, &headers, None)
        .await?
        .expect(200)
}

fn columns(table: &Value) -> Vec<(String, u64)> {
    let columns = table["columnDefinitions"].as_array().into_iter().flatten();
    columns
        .map(|column| {
            (
                column["name"].as_str().unwrap_or_default().to_owned(),
                column["priority"].as_u64().unwrap_or_default(),
            )
        })
        .collect()
}

async fn table_lists_rows_under_columns(wire: Wire) -> Outcome {
    let space = wire.space("table").await?;
    space.make("a", json!({ "own": "1" })).await?;
    for path in ["?labelSelector=own", "/a"] {
        let table = get_as(&wire, &space.maps(path), TABLE).await?;
        check(
            table["kind"] == "Table" && table["apiVersion"] == "meta.k8s.io/v1",
            table.to_string(),
        )?;
        let expected =
            [("Name", 0), ("Data", 0), ("Age", 0)].map(|(name, wide)| (name.to_owned(), wide));
        check(columns(&table) == expected, table.to_string())?;
        let row = &table["rows"][0];
        check(
            row["cells"][0] == "a" && row["cells"][1] == 0 && row["cells"][2].is_string(),
            row.to_string(),
        )?;
        let object = &row["object"];
        check(
            object["kind"] == "PartialObjectMetadata" && object["metadata"]["name"] == "a",
            row.to_string(),
        )?;
        check(
            table["metadata"]["resourceVersion"].is_string(),
            table.to_string(),
        )?;
    }
    Ok(())
}

async fn table_of_pods_is_what_kubectl_prints(wire: Wire) -> Outcome {
    let space = wire.space("table-pods").await?;
    let path = space.path("", "pods");
    wire.post(&path, &super::objects::pod("p"))
        .await?
        .expect(201)?;
    let table = get_as(&wire, &path, TABLE).await?;
    let expected = [
        ("Name", 0),
        ("Ready", 0),
        ("Status", 0),
        ("Restarts", 0),
        ("Age", 0),
        ("IP", 1),
        ("Node", 1),
        ("Nominated Node", 1),
        ("Readiness Gates", 1),
    ]
    .map(|(name, wide)| (name.to_owned(), wide));
    check(columns(&table) == expected, table.to_string())?;
    let cells = table["rows"][0]["cells"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text: Vec<_> = cells
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 4)
        .collect();
    let text: Vec<String> = text
        .into_iter()
        .map(|(_, cell)| cell.as_str().map_or(cell.to_string(), str::to_owned))
        .collect();
    check(
        text == [
            "p", "0/1", "Pending", "0", "<none>", "<none>", "<none>", "<none>",
        ],
        table.to_string(),
    )
}

async fn table_rows_carry_what_was_requested(wire: Wire) -> Outcome {
    let space = wire.space("table-rows").await?;
    space.make("a", json!({})).await?;
    for (include, kind) in [
        ("None", Value::Null),
        ("Metadata", "PartialObjectMetadata".into()),
        ("Object", "ConfigMap".into()),
    ] {
        let path = space.maps(&format!("/a?includeObject={include}"));
        let table = get_as(&wire, &path, TABLE).await?;
        check(
            table["rows"][0]["object"]["kind"] == kind,
            format!("{include}: {table}"),
        )?;
    }
    Ok(())
}

async fn table_watch_heads_its_first_event_only(wire: Wire) -> Outcome {
    let space = wire.space("table-watch").await?;
    let start = space.make("a", json!({})).await?;
    let mut events = wire.watch_as(&space.watch_after(&start), TABLE).await?;
    space.make("b", json!({})).await?;
    space.remove("b").await?;
    let (first, second) = (events.event().await?, events.event().await?);
    check(
        first["type"] == "ADDED" && first["object"]["kind"] == "Table",
        first.to_string(),
    )?;
    check(
        columns(&first["object"]).len() == 3 && first["object"]["rows"][0]["cells"][0] == "b",
        first.to_string(),
    )?;
    check(
        second["type"] == "DELETED" && columns(&second["object"]).is_empty(),
        second.to_string(),
    )
}

async fn metadata_alone_is_listed_and_watched(wire: Wire) -> Outcome {
    let space = wire.space("metadata-only").await?;
    let object =
        json!({ "metadata": { "name": "a", "labels": { "own": "1" } }, "data": { "k": "v" } });
    let made = wire.post(&space.maps(""), &object).await?.expect(201)?;
    let list = get_as(&wire, &space.maps("?labelSelector=own"), METADATA_LIST).await?;
    check(
        list["kind"] == "PartialObjectMetadataList" && list["apiVersion"] == "meta.k8s.io/v1",
        list.to_string(),
    )?;
    let item = &list["items"][0];
    check(
        item["metadata"] == made["metadata"] && item.get("data").is_none(),
        list.to_string(),
    )?;
    let one = get_as(&wire, &space.maps("/a"), METADATA).await?;
    check(
        one["kind"] == "PartialObjectMetadata" && one["metadata"] == made["metadata"],
        one.to_string(),
    )?;
    let path = space.maps("?watch=1&labelSelector=own");
    let event = wire.watch_as(&path, METADATA).await?.event().await?;
    let object = &event["object"];
    check(
        object["kind"] == "PartialObjectMetadata" && object["metadata"]["name"] == "a",
        event.to_string(),
    )
}

async fn first_wish_that_can_be_met_is_met(wire: Wire) -> Outcome {
    let space = wire.space("wishes").await?;
    space.make("a", json!({})).await?;
    for accept in [
        "application/unheard-of, application/json",
        "*/*",
        "application/json;charset=utf-8",
        "application/json;as=Unheard;v=v1;g=meta.k8s.io,application/json",
    ] {
        let object = get_as(&wire, &space.maps("/a"), accept).await?;
        check(object["kind"] == "ConfigMap", format!("{accept}: {object}"))?;
    }
    Ok(())
}

async fn impossible_wish_is_not_acceptable(wire: Wire) -> Outcome {
    let space = wire.space("wish").await?;
    let headers = [("accept", "application/unheard-of")];
    let refused = wire
        .send(Method::GET, &space.maps(""), &headers, None)
        .await?
        .expect(406)?;
    is_status(&refused, "NotAcceptable", "application/json")
}
