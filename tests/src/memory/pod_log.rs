//! `pods/NAME/log`: what a container wrote.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::object::key;
use super::status::Status;
use super::stream::{Envelope, Source};
use super::writing::Writing;
use crate::container_logs::{LogOptions, LogReader};

const TEXT: &str = "text/plain";

/// As `LogLocation` of kube-apiserver's `registry/core/pod/strategy.go` finds the container, and as the kubelet
/// answers.
pub(super) fn answer(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let (info, resource) = (call.info, &call.shared.resources[index]);
    let options = LogOptions::parse(|name| info.parameter(name)).map_err(|problem| {
        let message = format!("PodLogOptions \"{}\" is invalid: {problem}", info.name);
        Status::new(422, "Invalid", message).with_details(json!({ "kind": "PodLogOptions" }))
    })?;
    let found = call.shared.store();
    let pod = found.get(index, &key(&info.namespace, &info.name));
    let pod = pod
        .ok_or_else(|| Status::not_found(resource, &info.name))?
        .value(resource);
    drop(found);
    let container = container_of(&pod, info.parameter("container"), &info.name)?;
    if pod["spec"]["nodeName"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        return Ok(Answer::text(StatusCode::NO_CONTENT, ""));
    }
    let place = (&*info.namespace, &*info.name, &*container);
    let reader = LogReader::open(&call.shared.logs, place, options).map_err(Status::bad_request)?;
    Ok(Answer::Stream {
        content_type: TEXT,
        source: Source::Log(Box::new(reader)),
        envelope: Envelope::default(),
        writing: Writing::AsMade,
    })
}

fn container_of(pod: &Value, wanted: &str, name: &str) -> Result<String, Status> {
    let names = ["initContainers", "containers", "ephemeralContainers"].map(|list| {
        let list = pod["spec"][list].as_array();
        let names = list.into_iter().flatten();
        names.filter_map(|container| container["name"].as_str())
    });
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let main = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    if !wanted.is_empty() {
        let is_there = names.contains(&wanted);
        let problem = format!("container {wanted} is not valid for pod {name}");
        return is_there
            .then(|| wanted.to_owned())
            .ok_or_else(|| Status::bad_request(problem));
    }
    match main {
        1 => Ok(pod["spec"]["containers"][0]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned()),
        0 => Err(Status::bad_request(format!(
            "a container name must be specified for pod {name}"
        ))),
        _ => Err(Status::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            names.join(" ")
        ))),
    }
}
