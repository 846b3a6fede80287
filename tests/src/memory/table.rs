//! Tables, as kubectl prints them.

use serde_json::{Value, json};

use super::object::metadata_of;
use super::resource::Resource;

/// What a row carries of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "None" => Self::None,
            "Object" => Self::Object,
            _ => Self::Metadata,
        }
    }
}

/// The columns of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns(&'static [Column]);

#[derive(Debug)]
struct Column {
    name: &'static str,
    kind: &'static str,
    /// 0 is always shown, 1 with `-o wide`.
    priority: u8,
    cell: fn(&Value) -> Value,
}

impl Columns {
    pub(super) fn of(resource: &Resource) -> Self {
        Self(match (resource.group.as_str(), resource.plural.as_str()) {
            ("", "pods") => PODS,
            ("", "configmaps") => CONFIG_MAPS,
            ("", "secrets") => SECRETS,
            ("", "namespaces") => NAMESPACES,
            ("", "nodes") => NODES,
            ("", "services") => SERVICES,
            ("apps", "deployments") => DEPLOYMENTS,
            ("apps", "replicasets") | ("", "replicationcontrollers") => REPLICA_SETS,
            _ => PLAIN,
        })
    }

    pub(super) fn definitions(self) -> Value {
        self.0
            .iter()
            .map(|column| {
                json!({
                    "name": column.name,
                    "type": column.kind,
                    "format": if column.name == "Name" { "name" } else { "" },
                    "description": "",
                    "priority": column.priority,
                })
            })
            .collect()
    }

    pub(super) fn row(self, object: &Value, include: Include) -> Value {
        let cells: Vec<Value> = self.0.iter().map(|column| (column.cell)(object)).collect();
        with_object(json!({ "cells": cells }), object, include)
    }

    /// The row of a bookmark, which shows nothing.
    pub(super) fn empty_row(self, object: &Value, include: Include) -> Value {
        self.row(object, include)
    }

    pub(super) fn table(self, headed: bool, metadata: &Value, rows: &[Value]) -> Value {
        let mut table = json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": null,
            "rows": rows,
        });
        if headed {
            table["columnDefinitions"] = self.definitions();
        }
        table
    }
}

fn with_object(mut row: Value, object: &Value, include: Include) -> Value {
    match include {
        Include::None => {}
        Include::Metadata => row["object"] = metadata_of(object),
        Include::Object => row["object"] = object.clone(),
    }
    row
}

const fn column(name: &'static str, cell: fn(&Value) -> Value) -> Column {
    Column {
        name,
        kind: "string",
        priority: 0,
        cell,
    }
}

const fn wide(name: &'static str, cell: fn(&Value) -> Value) -> Column {
    Column {
        name,
        kind: "string",
        priority: 1,
        cell,
    }
}

const fn number(name: &'static str, cell: fn(&Value) -> Value) -> Column {
    Column {
        name,
        kind: "integer",
        priority: 0,
        cell,
    }
}

const NAME: Column = column("Name", |object| object["metadata"]["name"].clone());
const AGE: Column = column("Age", age);

const PLAIN: &[Column] = &[
    NAME,
    column("Created At", |object| {
        object["metadata"]["creationTimestamp"].clone()
    }),
];
const PODS: &[Column] = &[
    NAME,
    column("Ready", |pod| {
        let (ready, all) = ready_containers(pod);
        format!("{ready}/{all}").into()
    }),
    column("Status", pod_status),
    column("Restarts", |pod| {
        let statuses = pod["status"]["containerStatuses"].as_array();
        let counts = statuses
            .into_iter()
            .flatten()
            .filter_map(|one| one["restartCount"].as_u64());
        counts.sum::<u64>().to_string().into()
    }),
    AGE,
    wide("IP", |pod| text_or_none(&pod["status"]["podIP"])),
    wide("Node", |pod| text_or_none(&pod["spec"]["nodeName"])),
    wide("Nominated Node", |pod| {
        text_or_none(&pod["status"]["nominatedNodeName"])
    }),
    wide("Readiness Gates", |_| "<none>".into()),
];
const CONFIG_MAPS: &[Column] = &[
    NAME,
    number("Data", |map| {
        (size(&map["data"]) + size(&map["binaryData"])).into()
    }),
    AGE,
];
const SECRETS: &[Column] = &[
    NAME,
    column("Type", |secret| text_or(&secret["type"], "Opaque")),
    number("Data", |secret| size(&secret["data"]).into()),
    AGE,
];
const NAMESPACES: &[Column] = &[
    NAME,
    column("Status", |namespace| namespace["status"]["phase"].clone()),
    AGE,
];
const NODES: &[Column] = &[
    NAME,
    column("Status", |node| {
        let conditions = node["status"]["conditions"].as_array();
        let ready = conditions
            .into_iter()
            .flatten()
            .find(|one| one["type"] == "Ready");
        match ready.map(|one| one["status"] == "True") {
            Some(true) => "Ready".into(),
            Some(false) => "NotReady".into(),
            None => "Unknown".into(),
        }
    }),
    column("Roles", |_| "<none>".into()),
    AGE,
    column("Version", |node| {
        text_or(&node["status"]["nodeInfo"]["kubeletVersion"], "")
    }),
];
const SERVICES: &[Column] = &[
    NAME,
    column("Type", |service| {
        text_or(&service["spec"]["type"], "ClusterIP")
    }),
    column("Cluster-IP", |service| {
        text_or_none(&service["spec"]["clusterIP"])
    }),
    column("External-IP", |_| "<none>".into()),
    column("Port(s)", |service| {
        let ports = service["spec"]["ports"].as_array();
        let ports: Vec<String> = ports
            .into_iter()
            .flatten()
            .map(|port| {
                format!(
                    "{}/{}",
                    port["port"],
                    port["protocol"].as_str().unwrap_or("TCP")
                )
            })
            .collect();
        if ports.is_empty() {
            "<none>".into()
        } else {
            ports.join(",").into()
        }
    }),
    AGE,
];
const DEPLOYMENTS: &[Column] = &[
    NAME,
    column("Ready", |set| {
        format!("{}/{}", count(&set["status"]["readyReplicas"]), wanted(set)).into()
    }),
    number("Up-to-date", |set| {
        count(&set["status"]["updatedReplicas"]).into()
    }),
    number("Available", |set| {
        count(&set["status"]["availableReplicas"]).into()
    }),
    AGE,
];
const REPLICA_SETS: &[Column] = &[
    NAME,
    number("Desired", |set| wanted(set).into()),
    number("Current", |set| count(&set["status"]["replicas"]).into()),
    number("Ready", |set| count(&set["status"]["readyReplicas"]).into()),
    AGE,
];

fn wanted(set: &Value) -> u64 {
    set["spec"]["replicas"].as_u64().unwrap_or(1)
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn size(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn text_or(value: &Value, otherwise: &str) -> Value {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .unwrap_or(otherwise)
        .into()
}

fn text_or_none(value: &Value) -> Value {
    text_or(value, "<none>")
}

fn ready_containers(pod: &Value) -> (usize, usize) {
    let statuses = pod["status"]["containerStatuses"].as_array();
    let ready = statuses
        .into_iter()
        .flatten()
        .filter(|one| one["ready"] == true)
        .count();
    let all = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    (ready, all)
}

fn pod_status(pod: &Value) -> Value {
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return "Terminating".into();
    }
    text_or(
        &pod["status"]["reason"],
        pod["status"]["phase"].as_str().unwrap_or_default(),
    )
}

/// As kubectl shows short times: the largest unit, and a second one where that is small.
fn age(object: &Value) -> Value {
    let created = object["metadata"]["creationTimestamp"].as_str();
    let Some(created) = created.and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
        return "<unknown>".into();
    };
    let seconds = (jiff::Timestamp::now().as_second() - created.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 > 0 => format!("{minutes}m{}s", seconds % 60),
        120..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes % 60 > 0 => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        _ => format!("{days}d"),
    }
    .into()
}
