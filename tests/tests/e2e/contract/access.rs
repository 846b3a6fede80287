//! Who gets in, and what they find.

use http::Method;
use serde_json::{Value, json};

use super::wire::{JSON, Wire};
use super::{Check, TOKEN, checks, is_status};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    unknown_token_is_unauthorized,
    nobody_is_forbidden,
    everybody_learns_the_version,
    good_token_says_who_it_is,
    groups_and_resources_are_listed,
    discovery_comes_at_once,
];

async fn unknown_token_is_unauthorized(wire: Wire) -> Outcome {
    let wire = wire.with_token(Some("unheard-of"));
    for path in ["/api/v1/namespaces/default/configmaps", "/api", "/version"] {
        let refused = wire.get(path).await?.expect(401)?;
        is_status(&refused, "Unauthorized", "Unauthorized")?;
    }
    Ok(())
}

async fn nobody_is_forbidden(wire: Wire) -> Outcome {
    let wire = wire.with_token(None);
    for (path, words, details) in [
        (
            "/api/v1/namespaces/default/configmaps",
            "configmaps is forbidden: User \"system:anonymous\" cannot list resource \
             \"configmaps\" in API group \"\" in the namespace \"default\"",
            json!({ "kind": "configmaps" }),
        ),
        (
            "/apis/apps/v1/deployments?watch=1",
            "deployments.apps is forbidden: User \"system:anonymous\" cannot watch resource \
             \"deployments\" in API group \"apps\" at the cluster scope",
            json!({ "group": "apps", "kind": "deployments" }),
        ),
        (
            "/api/v1/namespaces/default/configmaps/a",
            "configmaps \"a\" is forbidden: User \"system:anonymous\" cannot get resource",
            json!({ "name": "a", "kind": "configmaps" }),
        ),
        (
            "/apis",
            "forbidden: User \"system:anonymous\" cannot get path \"/apis\"",
            json!({}),
        ),
    ] {
        let refused = wire.get(path).await?.expect(403)?;
        is_status(&refused, "Forbidden", words)?;
        check(refused["details"] == details, refused.to_string())?;
    }
    Ok(())
}

async fn everybody_learns_the_version(wire: Wire) -> Outcome {
    let wire = wire.with_token(None);
    let version = wire.get("/version").await?.expect(200)?;
    check(
        version["major"] == "1"
            && version["gitVersion"]
                .as_str()
                .is_some_and(|v| v.starts_with("v1.")),
        version.to_string(),
    )?;
    let health = wire.get("/readyz").await?;
    check(
        health.code == 200 && health.text == "ok",
        format!("{health:?}"),
    )
}

async fn good_token_says_who_it_is(wire: Wire) -> Outcome {
    let wire = wire.with_token(Some(TOKEN));
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
    });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = wire
        .send(Method::POST, path, &[JSON], Some(&review))
        .await?
        .expect(201)?;
    let user = &answer["status"]["userInfo"];
    check(
        user["username"] == "tester"
            && user["groups"] == json!(["testers", "system:authenticated"]),
        answer.to_string(),
    )
}

async fn groups_and_resources_are_listed(wire: Wire) -> Outcome {
    let versions = wire.get("/api").await?.expect(200)?;
    check(
        versions["kind"] == "APIVersions" && versions["versions"] == json!(["v1"]),
        versions.to_string(),
    )?;
    let groups = wire.get("/apis").await?.expect(200)?;
    check(groups["kind"] == "APIGroupList", groups.to_string())?;
    let apps = find(&groups["groups"], "apps");
    let preferred = json!({ "groupVersion": "apps/v1", "version": "v1" });
    check(apps["preferredVersion"] == preferred, apps.to_string())?;
    for (path, name, kind, short) in [
        ("/api/v1", "pods", "Pod", "po"),
        ("/apis/apps/v1", "deployments", "Deployment", "deploy"),
        (
            "/apis/policy/v1",
            "poddisruptionbudgets",
            "PodDisruptionBudget",
            "pdb",
        ),
    ] {
        let list = wire.get(path).await?.expect(200)?;
        let resource = find(&list["resources"], name);
        check(
            resource["kind"] == kind
                && resource["namespaced"] == true
                && resource["shortNames"] == json!([short])
                && resource["singularName"] == kind.to_lowercase(),
            resource.to_string(),
        )?;
        let status = find(&list["resources"], &format!("{name}/status"));
        check(status["kind"] == kind, status.to_string())?;
    }
    wire.get("/apis/apps").await?.expect(200).map(drop)
}

async fn discovery_comes_at_once(wire: Wire) -> Outcome {
    let accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    for (path, group, resource) in [("/api", "", "pods"), ("/apis", "apps", "deployments")] {
        let answer = wire
            .send(Method::GET, path, &[("accept", accept)], None)
            .await?;
        let kind = answer.headers.get("content-type").cloned();
        check(
            kind.is_some_and(|kind| {
                kind == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            }),
            format!("{:?}", answer.headers),
        )?;
        let list = answer.expect(200)?;
        let mut groups = list["items"].as_array().into_iter().flatten();
        let found = groups.find(|item| item["metadata"].get("name").unwrap_or(&json!("")) == group);
        let resources = &found.unwrap_or(&Value::Null)["versions"][0]["resources"];
        let mut resources = resources.as_array().into_iter().flatten();
        let found = resources.find(|one| one["resource"] == resource);
        check(
            found.is_some_and(|one| one["scope"] == "Namespaced"),
            format!("{path}: no {resource}"),
        )?;
    }
    Ok(())
}

fn find<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut items = list.as_array().into_iter().flatten();
    items
        .find(|item| item["name"] == name)
        .unwrap_or(&Value::Null)
}
