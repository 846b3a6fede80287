//! Lists: pages, selectors, and which state a version means.

use serde_json::{Value, json};

use super::wire::{Space, Wire};
use super::{Check, checks, is_status, version_of};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    items_carry_no_kind,
    pages_show_one_state,
    remaining_items_are_counted,
    continue_goes_with_no_version,
    broken_continue_is_refused,
    any_version_heeds_no_limit,
    exact_shows_the_past,
    limit_makes_a_version_exact,
    not_older_than_shows_the_present,
    too_large_version_is_a_timeout,
    match_needs_a_version,
    exact_zero_is_invalid,
    unknown_match_is_invalid,
    broken_version_is_refused,
    label_selectors_select,
    field_selectors_select,
    broken_selectors_are_refused,
    pods_are_selected_by_node_and_phase,
    list_sends_no_initial_events,
];

async fn items_carry_no_kind(wire: Wire) -> Outcome {
    let space = wire.space("items").await?;
    let made = space.make("a", json!({})).await?;
    let list = wire.get(&space.maps("")).await?.expect(200)?;
    check(
        list["kind"] == "ConfigMapList" && list["apiVersion"] == "v1",
        list.to_string(),
    )?;
    let item = find(&list, "a");
    check(
        item.get("kind").is_none() && item.get("apiVersion").is_none(),
        item.to_string(),
    )?;
    check(item["metadata"] == made["metadata"], item.to_string())?;
    let version: u64 = version_of(&list).parse()?;
    check(version >= version_of(&made).parse()?, list.to_string())
}

async fn pages_show_one_state(wire: Wire) -> Outcome {
    let space = five(&wire, "pages").await?;
    let first = space.list("?labelSelector=n&limit=2").await?;
    check(names(&first) == ["a", "b"], first.to_string())?;
    space.make("bb", json!({ "n": "9" })).await?;
    space.remove("e").await?;
    let mut seen = names(&first);
    let mut page = first.clone();
    while let Some(token) = page["metadata"]["continue"].as_str() {
        page = space
            .list(&format!("?labelSelector=n&limit=2&continue={token}"))
            .await?;
        check(version_of(&page) == version_of(&first), page.to_string())?;
        seen.extend(names(&page));
    }
    check(seen == ["a", "b", "c", "d", "e"], format!("{seen:?}"))?;
    let now = space.names("?labelSelector=n").await?;
    check(now == ["a", "b", "bb", "c", "d"], format!("{now:?}"))
}

async fn remaining_items_are_counted(wire: Wire) -> Outcome {
    let space = five(&wire, "remaining").await?;
    let all = space.list("").await?["items"]
        .as_array()
        .map_or(0, Vec::len);
    let page = space.list("?limit=2").await?;
    check(
        page["metadata"]["remainingItemCount"] == all - 2,
        page.to_string(),
    )?;
    // What a selector leaves is not counted.
    let page = space.list("?limit=2&labelSelector=n").await?;
    check(
        page["metadata"].get("remainingItemCount").is_none(),
        page.to_string(),
    )
}

async fn continue_goes_with_no_version(wire: Wire) -> Outcome {
    let space = five(&wire, "continue").await?;
    let page = space.list("?limit=2").await?;
    let token = page["metadata"]["continue"].as_str().unwrap_or_default();
    let version = version_of(&page);
    let path = space.maps(&format!("?continue={token}&resourceVersion={version}"));
    let refused = wire.get(&path).await?.expect(400)?;
    is_status(
        &refused,
        "BadRequest",
        "specifying resource version is not allowed when using continue",
    )?;
    let path = space.maps(&format!(
        "?continue={token}&resourceVersionMatch=NotOlderThan&resourceVersion={version}"
    ));
    let refused = wire.get(&path).await?.expect(422)?;
    is_status(&refused, "Invalid", "forbidden when continue is provided")
}

async fn broken_continue_is_refused(wire: Wire) -> Outcome {
    let space = wire.space("broken").await?;
    let refused = wire
        .get(&space.maps("?continue=broken"))
        .await?
        .expect(400)?;
    is_status(&refused, "BadRequest", "continue key is not valid")
}

async fn any_version_heeds_no_limit(wire: Wire) -> Outcome {
    let space = five(&wire, "any").await?;
    let list = space
        .list("?labelSelector=n&limit=2&resourceVersion=0")
        .await?;
    check(
        list["metadata"].get("continue").is_none() && names(&list).len() == 5,
        list.to_string(),
    )
}

async fn exact_shows_the_past(wire: Wire) -> Outcome {
    let space = five(&wire, "exact").await?;
    let past = space.list("?labelSelector=n").await?;
    space.remove("a").await?;
    space.relabel("b", json!({ "n": "20" })).await?;
    let version = version_of(&past);
    let query = format!("?labelSelector=n&resourceVersion={version}&resourceVersionMatch=Exact");
    let shown = space.list(&query).await?;
    check(
        version_of(&shown) == version && shown["items"] == past["items"],
        shown.to_string(),
    )?;
    let page = space.list(&format!("{query}&limit=3")).await?;
    check(
        version_of(&page) == version && names(&page) == ["a", "b", "c"],
        page.to_string(),
    )
}

async fn limit_makes_a_version_exact(wire: Wire) -> Outcome {
    let space = five(&wire, "legacy").await?;
    let past = space.list("?labelSelector=n").await?;
    space.remove("a").await?;
    let version = version_of(&past);
    let query = format!("?labelSelector=n&resourceVersion={version}");
    let exact = space.list(&format!("{query}&limit=2")).await?;
    check(names(&exact) == ["a", "b"], exact.to_string())?;
    let newer = space.list(&query).await?;
    check(names(&newer) == ["b", "c", "d", "e"], newer.to_string())
}

async fn not_older_than_shows_the_present(wire: Wire) -> Outcome {
    let space = five(&wire, "newer").await?;
    let past = space.list("?labelSelector=n").await?;
    let changed = space.relabel("a", json!({ "n": "10" })).await?;
    let version = version_of(&changed);
    for version in [version_of(&past), version] {
        let query = format!("?resourceVersion={version}&resourceVersionMatch=NotOlderThan");
        let list = space.list(&query).await?;
        let shown: u64 = version_of(&list).parse()?;
        check(shown >= version.parse()?, list.to_string())?;
    }
    // Read at the last change's version, the list has it.
    let query = format!("?resourceVersion={}", version_of(&changed));
    let list = space.list(&query).await?;
    let found = find(&list, "a");
    check(found["metadata"]["labels"]["n"] == "10", list.to_string())
}

async fn too_large_version_is_a_timeout(wire: Wire) -> Outcome {
    let space = wire.space("large").await?;
    let current: u64 = version_of(&space.list("").await?).parse()?;
    let large = current + 1_000_000;
    for way in ["", "&resourceVersionMatch=NotOlderThan"] {
        let path = space.maps(&format!("?resourceVersion={large}{way}"));
        let answer = wire.get(&path).await?;
        let retry = answer.headers.get("retry-after").cloned();
        check(
            retry.is_some_and(|seconds| seconds == "1"),
            format!("{answer:?}"),
        )?;
        let refused = answer.expect(504)?;
        is_status(
            &refused,
            "Timeout",
            &format!("Too large resource version: {large}, current: "),
        )?;
        let details = json!({
            "causes": [{
                "reason": "ResourceVersionTooLarge",
                "message": "Too large resource version",
            }],
            "retryAfterSeconds": 1,
        });
        check(refused["details"] == details, refused.to_string())?;
    }
    Ok(())
}

async fn match_needs_a_version(wire: Wire) -> Outcome {
    let space = wire.space("versionless").await?;
    let path = space.maps("?resourceVersionMatch=NotOlderThan");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "resourceVersionMatch",
        "FieldValueForbidden",
        "resourceVersionMatch is forbidden unless resourceVersion is provided",
    )
}

async fn exact_zero_is_invalid(wire: Wire) -> Outcome {
    let space = wire.space("zero").await?;
    let path = space.maps("?resourceVersionMatch=Exact&resourceVersion=0");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "resourceVersionMatch",
        "FieldValueForbidden",
        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
    )
}

async fn unknown_match_is_invalid(wire: Wire) -> Outcome {
    let space = wire.space("unknown-match").await?;
    let path = space.maps("?resourceVersionMatch=Roughly&resourceVersion=5");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "resourceVersionMatch",
        "FieldValueNotSupported",
        "Unsupported value: \"Roughly\": supported values: \"Exact\", \"NotOlderThan\"",
    )
}

async fn list_sends_no_initial_events(wire: Wire) -> Outcome {
    let space = wire.space("no-initial").await?;
    let path =
        space.maps("?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "sendInitialEvents",
        "FieldValueForbidden",
        "sendInitialEvents is forbidden for list",
    )
}

/// Whether the options are refused for this one cause.
pub(super) fn is_options(body: &Value, field: &str, reason: &str, message: &str) -> Outcome {
    is_status(body, "Invalid", message)?;
    let details = &body["details"];
    let cause = &details["causes"][0];
    check(
        details["kind"] == "ListOptions"
            && details["group"] == "meta.k8s.io"
            && cause["field"] == field
            && cause["reason"] == reason,
        body.to_string(),
    )
}

async fn broken_version_is_refused(wire: Wire) -> Outcome {
    let space = wire.space("no-number").await?;
    let refused = wire.get(&space.maps("?resourceVersion=abc")).await?;
    check(
        refused.code >= 400 && refused.code < 500,
        format!("{refused:?}"),
    )
}

async fn label_selectors_select(wire: Wire) -> Outcome {
    let space = wire.space("labels").await?;
    for (name, labels) in [
        ("a", json!({ "own": "1", "app": "x", "n": "1" })),
        ("b", json!({ "own": "1", "app": "y", "n": "2" })),
        ("c", json!({ "own": "1", "n": "3" })),
    ] {
        space.make(name, labels).await?;
    }
    let cases: [(&str, &[&str]); 9] = [
        ("app=x", &["a"]),
        ("app==y", &["b"]),
        ("app!=x", &["b", "c"]),
        ("app in (x,y)", &["a", "b"]),
        ("app notin (x)", &["b", "c"]),
        ("app", &["a", "b"]),
        ("!app", &["c"]),
        ("n>1", &["b", "c"]),
        ("n<3,app", &["a", "b"]),
    ];
    for (selector, expected) in cases {
        let found = space
            .names(&format!(
                "?labelSelector={}",
                encode(&format!("own,{selector}"))
            ))
            .await?;
        check(found == expected, format!("{selector}: {found:?}"))?;
    }
    Ok(())
}

async fn field_selectors_select(wire: Wire) -> Outcome {
    let space = five(&wire, "fields").await?;
    let one = space.names("?fieldSelector=metadata.name%3Dc").await?;
    check(one == ["c"], format!("{one:?}"))?;
    let rest = space
        .names("?labelSelector=n&fieldSelector=metadata.name!%3Dc")
        .await?;
    check(rest == ["a", "b", "d", "e"], format!("{rest:?}"))?;
    let path = format!(
        "/api/v1/configmaps?labelSelector=n&fieldSelector=metadata.namespace%3D{}",
        space.namespace
    );
    let here = wire.get(&path).await?.expect(200)?;
    check(names(&here) == ["a", "b", "c", "d", "e"], here.to_string())
}

async fn broken_selectors_are_refused(wire: Wire) -> Outcome {
    let space = wire.space("selectors").await?;
    for (query, words) in [
        ("?labelSelector=a%20b%3Dc", "unable to parse requirement"),
        ("?labelSelector=a%20in%20(b", "unable to parse requirement"),
        (
            "?fieldSelector=spec.unheard%3Dx",
            "\"spec.unheard\" is not a known field selector",
        ),
        (
            "?fieldSelector=metadata.name",
            "invalid selector: 'metadata.name'; can't understand",
        ),
    ] {
        let refused = wire.get(&space.maps(query)).await?.expect(400)?;
        is_status(&refused, "BadRequest", words)?;
    }
    Ok(())
}

async fn pods_are_selected_by_node_and_phase(wire: Wire) -> Outcome {
    let space = wire.space("pods").await?;
    let path = space.path("", "pods");
    for (name, node) in [("a", Some("n1")), ("b", Some("n2")), ("c", None)] {
        let mut pod = super::objects::pod(name);
        if let Some(node) = node {
            pod["spec"]["nodeName"] = node.into();
        }
        wire.post(&path, &pod).await?.expect(201)?;
    }
    for (selector, expected) in [
        ("spec.nodeName%3Dn1", &["a"][..]),
        ("spec.nodeName%3D", &["c"]),
        ("status.phase%3DPending,spec.nodeName!%3Dn1", &["b", "c"]),
        ("status.phase%3DRunning", &[]),
    ] {
        let list = wire
            .get(&format!("{path}?fieldSelector={selector}"))
            .await?
            .expect(200)?;
        check(names(&list) == expected, format!("{selector}: {list}"))?;
    }
    Ok(())
}

/// A namespace with config maps `a` to `e`, each with the label `n`.
pub(super) async fn five<'a>(
    wire: &'a Wire,
    name: &str,
) -> Result<Space<'a>, libtest_mimic::Failed> {
    let space = wire.space(name).await?;
    for (number, name) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        space.make(name, json!({ "n": number.to_string() })).await?;
    }
    Ok(space)
}

pub(crate) fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    items
        .filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned))
        .collect()
}

fn find<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut items = list["items"].as_array().into_iter().flatten();
    items
        .find(|item| item["metadata"]["name"] == name)
        .unwrap_or(&Value::Null)
}

fn encode(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    escaped.collect()
}
