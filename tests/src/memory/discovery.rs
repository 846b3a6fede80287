//! What clients request before the first objects.

use http::StatusCode;
use http::header::ACCEPT;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::resource::{Resource, group_version};
use super::status::Status;

/// The version that the server says it has.
const MAJOR: &str = "1";
const MINOR: &str = "37";

/// Answers what needs no credentials.
pub(super) fn open_to_all(call: &Call<'_>) -> Option<Answer> {
    match call.info.path.as_str() {
        "/version" | "/version/" => {
            let version = json!({
                "major": MAJOR,
                "minor": MINOR,
                "gitVersion": format!("v{MAJOR}.{MINOR}.2"),
                "gitCommit": "",
                "gitTreeState": "clean",
                "buildDate": "",
                "goVersion": "",
                "compiler": "",
                "platform": "",
            });
            Some(Answer::json(StatusCode::OK, &version))
        }
        "/healthz" | "/livez" | "/readyz" => Some(Answer::text(StatusCode::OK, "ok")),
        _ => None,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Result<Answer, Status> {
    let parts: Vec<&str> = call
        .info
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let resources = &call.shared.resources;
    let aggregated = wants_aggregated(call);
    let document = match parts.as_slice() {
        ["api"] if aggregated => all_groups(resources, true),
        ["apis"] if aggregated => all_groups(resources, false),
        ["api"] => json!({ "kind": "APIVersions", "versions": ["v1"] }),
        ["apis"] => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": groups(resources).iter().map(|group| described(resources, group)).collect::<Vec<_>>(),
        }),
        ["apis", group] if groups(resources).contains(group) => {
            let mut group = described(resources, group);
            group["kind"] = "APIGroup".into();
            group["apiVersion"] = "v1".into();
            group
        }
        ["api", version] => resource_list(resources, version)?,
        ["apis", group, version] => resource_list(resources, &group_version(group, version))?,
        ["openapi", "v3"] => openapi_index(resources),
        ["openapi", "v3", "api" | "apis", rest @ ..] => openapi(resources, &rest.join("/")),
        _ => return Ok(Answer::text(StatusCode::NOT_FOUND, "404 page not found\n")),
    };
    Ok(
        if aggregated && ["/api", "/apis"].contains(&call.info.path.as_str()) {
            Answer::Whole {
                code: StatusCode::OK,
                content_type: AGGREGATED,
                bytes: document.to_string().into(),
            }
        } else {
            Answer::json(StatusCode::OK, &document)
        },
    )
}

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

fn wants_aggregated(call: &Call<'_>) -> bool {
    let accept = call
        .headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.unwrap_or_default().split(',').any(|wish| {
        let parts: Vec<&str> = wish.split(';').map(str::trim).collect();
        parts.contains(&"as=APIGroupDiscoveryList") && parts.contains(&"v=v2")
    })
}

/// The groups beside core, each once.
fn groups(resources: &[Resource]) -> Vec<&str> {
    let mut groups = Vec::new();
    for resource in resources {
        let group = resource.group.as_str();
        if !group.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// The versions of a group, the preferred one first.
fn versions<'a>(resources: &'a [Resource], group: &str) -> Vec<&'a str> {
    let mut versions = Vec::new();
    for resource in resources.iter().filter(|resource| resource.group == group) {
        if !versions.contains(&resource.version.as_str()) {
            versions.push(resource.version.as_str());
        }
    }
    versions
}

fn described(resources: &[Resource], group: &str) -> Value {
    let versions: Vec<Value> = versions(resources, group)
        .iter()
        .map(|version| json!({ "groupVersion": group_version(group, version), "version": version }))
        .collect();
    json!({ "name": group, "versions": versions, "preferredVersion": versions[0] })
}

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

fn resource_list(resources: &[Resource], wanted: &str) -> Result<Value, Status> {
    let mut listed = Vec::new();
    for resource in resources
        .iter()
        .filter(|resource| resource.api_version() == wanted)
    {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if !resource.short_names.is_empty() {
            entry["shortNames"] = json!(resource.short_names);
        }
        listed.push(entry);
        if resource.has_status {
            listed.push(json!({
                "name": format!("{}/status", resource.plural),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": ["get", "patch", "update"],
            }));
        }
    }
    if listed.is_empty() {
        return Err(Status::unknown_path());
    }
    Ok(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": wanted,
        "resources": listed,
    }))
}

/// Everything at once, of core or of all other groups.
fn all_groups(resources: &[Resource], core: bool) -> Value {
    let groups = if core { vec![""] } else { groups(resources) };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|group| {
            let versions: Vec<Value> = versions(resources, group)
                .into_iter()
                .map(|version| {
                    let listed: Vec<Value> = resources
                        .iter()
                        .filter(|resource| resource.group == group && resource.version == version)
                        .map(aggregated_resource)
                        .collect();
                    json!({ "version": version, "freshness": "Current", "resources": listed })
                })
                .collect();
            json!({ "metadata": { "name": group }, "versions": versions })
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = json!({
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
    });
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular(),
        "verbs": VERBS,
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if resource.has_status {
        entry["subresources"] = json!([{
            "subresource": "status",
            "responseKind": kind,
            "verbs": ["get", "patch", "update"],
        }]);
    }
    entry
}

/// kubectl looks here whether the server checks fields by itself, so that it need not.
fn openapi_index(resources: &[Resource]) -> Value {
    let mut paths = serde_json::Map::new();
    for resource in resources {
        let version = resource.api_version();
        let root = if resource.group.is_empty() {
            "api"
        } else {
            "apis"
        };
        let url = format!("/openapi/v3/{root}/{version}?hash=1");
        paths.insert(
            format!("{root}/{version}"),
            json!({ "serverRelativeURL": url }),
        );
    }
    json!({ "paths": paths })
}

fn openapi(resources: &[Resource], wanted: &str) -> Value {
    let mut paths = serde_json::Map::new();
    for resource in resources
        .iter()
        .filter(|resource| resource.api_version() == wanted)
    {
        let root = if resource.group.is_empty() {
            "api"
        } else {
            "apis"
        };
        let scope = if resource.namespaced {
            "namespaces/{namespace}/"
        } else {
            ""
        };
        let path = format!("/{root}/{wanted}/{scope}{}/{{name}}", resource.plural);
        let validation = json!({
            "name": "fieldValidation",
            "in": "query",
            "schema": { "type": "string", "uniqueItems": true },
        });
        let operation = json!({
            "parameters": [validation],
            "responses": { "200": { "description": "OK" } },
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": {
                "group": resource.group,
                "version": resource.version,
                "kind": resource.kind,
            },
        });
        paths.insert(path, json!({ "patch": operation }));
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": format!("v{MAJOR}.{MINOR}.2") },
        "paths": paths,
    })
}
