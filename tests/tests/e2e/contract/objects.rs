//! Objects: create, read, replace, delete, and what is refused.

use http::Method;
use serde_json::{Value, json};

use super::wire::{JSON, Wire};
use super::{Check, checks, is_status};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    create_gives_metadata,
    create_twice_is_already_exists,
    names_are_generated,
    names_are_needed_and_checked,
    missing_is_not_found,
    bodies_are_checked,
    update_of_an_old_version_is_a_conflict,
    update_without_a_version_is_taken,
    update_that_changes_nothing_keeps_the_version,
    update_of_another_uid_is_a_conflict,
    delete_answers_with_a_status_or_the_object,
    delete_checks_its_preconditions,
    finalizers_hold_an_object,
    collections_are_deleted_by_label,
    dry_run_leaves_nothing,
    generation_counts_changes_of_the_spec,
    status_has_a_path_of_its_own,
    unknown_resources_are_not_found,
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

async fn names_are_generated(wire: Wire) -> Outcome {
    let space = wire.space("generated").await?;
    let object = json!({ "metadata": { "generateName": "job-" } });
    let mut names = Vec::new();
    for _ in 0..3 {
        let made = wire.post(&space.maps(""), &object).await?.expect(201)?;
        let name = made["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        check(
            name.len() == 9 && name.starts_with("job-"),
            made.to_string(),
        )?;
        names.push(name);
    }
    names.sort();
    names.dedup();
    check(names.len() == 3, format!("{names:?}"))
}

async fn names_are_needed_and_checked(wire: Wire) -> Outcome {
    let space = wire.space("names").await?;
    let nameless = json!({ "metadata": {} });
    let refused = wire.post(&space.maps(""), &nameless).await?.expect(422)?;
    is_status(&refused, "Invalid", "name or generateName is required")?;
    is_cause(&refused, "FieldValueRequired", "metadata.name")?;
    let misnamed = json!({ "metadata": { "name": "Not_A_Name" } });
    let refused = wire.post(&space.maps(""), &misnamed).await?.expect(422)?;
    is_status(&refused, "Invalid", "ConfigMap \"Not_A_Name\" is invalid")?;
    is_cause(&refused, "FieldValueInvalid", "metadata.name")
}

fn is_cause(body: &Value, reason: &str, field: &str) -> Outcome {
    let cause = &body["details"]["causes"][0];
    check(
        cause["reason"] == reason && cause["field"] == field,
        body.to_string(),
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

async fn bodies_are_checked(wire: Wire) -> Outcome {
    let space = wire.space("bodies").await?;
    let elsewhere = json!({ "metadata": { "name": "a", "namespace": "elsewhere" } });
    let refused = wire.post(&space.maps(""), &elsewhere).await?.expect(400)?;
    is_status(&refused, "BadRequest", "does not match the namespace")?;
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "a" } });
    let refused = wire.post(&space.maps(""), &secret).await?.expect(400)?;
    is_status(&refused, "BadRequest", "cannot be handled as a ConfigMap")?;
    let versioned = json!({ "metadata": { "name": "a", "resourceVersion": "5" } });
    let refused = wire.post(&space.maps(""), &versioned).await?;
    let code = refused.code;
    check(
        refused.text.contains("resourceVersion should not be set"),
        format!("{code}: {}", refused.text),
    )?;
    let protobuf = [("content-type", "application/unheard-of")];
    let refused = wire
        .send(Method::POST, &space.maps(""), &protobuf, Some(&secret))
        .await?
        .expect(415)?;
    is_status(&refused, "UnsupportedMediaType", "")?;
    let labels = json!({ "metadata": { "name": "a", "labels": { "a": 1 } } });
    let refused = wire.post(&space.maps(""), &labels).await?.expect(400)?;
    is_status(&refused, "BadRequest", "cannot unmarshal")
}

async fn update_of_an_old_version_is_a_conflict(wire: Wire) -> Outcome {
    let space = wire.space("old-version").await?;
    let mut first = space.make("a", json!({})).await?;
    space.relabel("a", json!({ "n": "2" })).await?;
    first["data"] = json!({ "a": "b" });
    let refused = space.replace("a", &first).await?.expect(409)?;
    is_status(
        &refused,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified",
    )
}

async fn update_without_a_version_is_taken(wire: Wire) -> Outcome {
    let space = wire.space("no-version").await?;
    let first = space.make("a", json!({})).await?;
    let object = json!({ "metadata": { "name": "a" }, "data": { "k": "v" } });
    let second = space.replace("a", &object).await?.expect(200)?;
    check(
        second["data"]["k"] == "v"
            && second["metadata"]["uid"] == first["metadata"]["uid"]
            && second["metadata"]["creationTimestamp"] == first["metadata"]["creationTimestamp"]
            && second["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"],
        second.to_string(),
    )
}

async fn update_that_changes_nothing_keeps_the_version(wire: Wire) -> Outcome {
    let space = wire.space("no-change").await?;
    let first = space.make("a", json!({ "a": "b" })).await?;
    let same = space.replace("a", &first).await?.expect(200)?;
    check(same == first, same.to_string())?;
    let same = space.relabel("a", json!({ "a": "b" })).await?;
    check(same == first, same.to_string())
}

async fn update_of_another_uid_is_a_conflict(wire: Wire) -> Outcome {
    let space = wire.space("other-uid").await?;
    let mut object = space.make("a", json!({})).await?;
    object["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000".into();
    let refused = space.replace("a", &object).await?.expect(409)?;
    is_status(
        &refused,
        "Conflict",
        "Precondition failed: UID in precondition",
    )
}

async fn delete_answers_with_a_status_or_the_object(wire: Wire) -> Outcome {
    let space = wire.space("deleted").await?;
    let made = space.make("a", json!({})).await?;
    let answer = wire
        .send(Method::DELETE, &space.maps("/a"), &[], None)
        .await?
        .expect(200)?;
    let details = json!({
        "name": "a",
        "kind": "configmaps",
        "uid": made["metadata"]["uid"],
    });
    check(
        answer["status"] == "Success" && answer["details"] == details,
        answer.to_string(),
    )?;
    wire.get(&space.maps("/a")).await?.expect(404)?;

    let pods = space.path("", "pods");
    wire.post(&pods, &pod("p")).await?.expect(201)?;
    let answer = wire
        .send(Method::DELETE, &format!("{pods}/p"), &[], None)
        .await?
        .expect(200)?;
    check(answer["kind"] == "Pod", answer.to_string())?;
    wire.get(&format!("{pods}/p")).await?.expect(404).map(drop)
}

async fn delete_checks_its_preconditions(wire: Wire) -> Outcome {
    let space = wire.space("preconditions").await?;
    let made = space.make("a", json!({})).await?;
    let wrong = json!({ "preconditions": { "uid": "00000000-0000-4000-8000-000000000000" } });
    let path = space.maps("/a");
    let refused = wire
        .send(Method::DELETE, &path, &[JSON], Some(&wrong))
        .await?
        .expect(409)?;
    is_status(&refused, "Conflict", "the UID in the precondition (0000")?;
    check(
        refused["details"]["kind"] == "ConfigMap",
        refused.to_string(),
    )?;
    let wrong = json!({ "preconditions": { "resourceVersion": "1" } });
    let refused = wire
        .send(Method::DELETE, &path, &[JSON], Some(&wrong))
        .await?
        .expect(409)?;
    is_status(
        &refused,
        "Conflict",
        "the ResourceVersion in the precondition (1) does not match",
    )?;
    let right = json!({ "preconditions": { "uid": made["metadata"]["uid"] } });
    wire.send(Method::DELETE, &path, &[JSON], Some(&right))
        .await?
        .expect(200)
        .map(drop)
}

async fn finalizers_hold_an_object(wire: Wire) -> Outcome {
    let space = wire.space("finalizers").await?;
    let object = json!({ "metadata": { "name": "a", "finalizers": ["example.com/hold"] } });
    let made = wire.post(&space.maps(""), &object).await?.expect(201)?;
    let mut events = wire.watch(&space.watch_after(&made)).await?;
    let path = space.maps("/a");
    let marked = wire
        .send(Method::DELETE, &path, &[], None)
        .await?
        .expect(200)?;
    check(
        marked["kind"] == "ConfigMap" && marked["metadata"]["deletionTimestamp"].is_string(),
        marked.to_string(),
    )?;
    let release = json!({ "metadata": { "finalizers": null } });
    let kind = [("content-type", "application/merge-patch+json")];
    wire.send(Method::PATCH, &path, &kind, Some(&release))
        .await?
        .expect(200)?;
    wire.get(&path).await?.expect(404)?;
    let kinds = [events.event().await?, events.event().await?].map(|event| event["type"].clone());
    check(kinds == ["MODIFIED", "DELETED"], format!("{kinds:?}"))
}

async fn collections_are_deleted_by_label(wire: Wire) -> Outcome {
    let space = wire.space("collection").await?;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        space.make(name, json!({ "app": app })).await?;
    }
    let path = space.maps("?labelSelector=app%3Dx");
    let gone = wire
        .send(Method::DELETE, &path, &[], None)
        .await?
        .expect(200)?;
    check(
        gone["kind"] == "ConfigMapList"
            && gone["items"].as_array().is_some_and(|all| all.len() == 2),
        gone.to_string(),
    )?;
    let left = space.names("?labelSelector=app").await?;
    check(left == ["b"], format!("{left:?}"))
}

async fn dry_run_leaves_nothing(wire: Wire) -> Outcome {
    let space = wire.space("dry").await?;
    let object = json!({ "metadata": { "name": "a" } });
    let path = space.maps("?dryRun=All");
    let shown = wire.post(&path, &object).await?.expect(201)?;
    check(shown["metadata"]["uid"].is_string(), shown.to_string())?;
    wire.get(&space.maps("/a")).await?.expect(404)?;
    let made = space.make("b", json!({})).await?;
    let path = space.maps("/b?dryRun=All");
    wire.send(Method::DELETE, &path, &[], None)
        .await?
        .expect(200)?;
    let there = wire.get(&space.maps("/b")).await?.expect(200)?;
    check(there == made, there.to_string())
}

async fn generation_counts_changes_of_the_spec(wire: Wire) -> Outcome {
    let space = wire.space("generation").await?;
    let path = space.path("apps", "deployments");
    let made = wire.post(&path, &deployment("d")).await?.expect(201)?;
    check(made["metadata"]["generation"] == 1, made.to_string())?;
    let kind = [("content-type", "application/merge-patch+json")];
    let path = format!("{path}/d");
    let label = json!({ "metadata": { "labels": { "n": "1" } } });
    let labelled = wire
        .send(Method::PATCH, &path, &kind, Some(&label))
        .await?
        .expect(200)?;
    check(
        labelled["metadata"]["generation"] == 1,
        labelled.to_string(),
    )?;
    let scale = json!({ "spec": { "replicas": 7 } });
    let scaled = wire
        .send(Method::PATCH, &path, &kind, Some(&scale))
        .await?
        .expect(200)?;
    check(scaled["metadata"]["generation"] == 2, scaled.to_string())
}

async fn status_has_a_path_of_its_own(wire: Wire) -> Outcome {
    let space = wire.space("status").await?;
    let path = space.path("apps", "deployments");
    let mut object = deployment("d");
    object["status"] = json!({ "replicas": 9 });
    let made = wire.post(&path, &object).await?.expect(201)?;
    check(made["status"] == json!({}), made.to_string())?;
    let kind = [("content-type", "application/merge-patch+json")];
    let change = json!({ "status": { "replicas": 3 }, "spec": { "replicas": 3 } });
    let path = format!("{path}/d");
    let after = wire
        .send(Method::PATCH, &path, &kind, Some(&change))
        .await?
        .expect(200)?;
    check(
        after["status"].get("replicas").is_none() && after["spec"]["replicas"] == 3,
        after.to_string(),
    )?;
    let change = json!({ "status": { "replicas": 4 }, "spec": { "replicas": 4 } });
    let after = wire
        .send(
            Method::PATCH,
            &format!("{path}/status"),
            &kind,
            Some(&change),
        )
        .await?
        .expect(200)?;
    check(
        after["status"]["replicas"] == 4 && after["spec"]["replicas"] == 3,
        after.to_string(),
    )
}

async fn unknown_resources_are_not_found(wire: Wire) -> Outcome {
    let unknown = wire.get("/api/v1/unheards").await?;
    let body = unknown.expect(404)?;
    is_status(
        &body,
        "NotFound",
        "the server could not find the requested resource",
    )?;
    let unknown = wire.get("/apis/example.com/v1/unheards").await?;
    check(
        unknown.code == 404 && unknown.text == "404 page not found\n",
        format!("{unknown:?}"),
    )
}

pub(super) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": { "containers": [{ "name": "c", "image": "i" }] },
    })
}

pub(super) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name },
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [
                    { "name": "a", "image": "i:1" },
                    { "name": "b", "image": "i:1" },
                ] },
            },
        },
    })
}
