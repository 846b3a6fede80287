//! One request, from its path to its answer.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::answer::{Answer, JSON};
use super::call::Call;
use super::form::{Agreed, Lacks};
use super::list::ListQuery;
use super::object::{Stored, key};
use super::patch::PatchKind;
use super::protobuf;
use super::request::{RequestInfo, Verb};
use super::resource::Resource;
use super::status::Status;
use super::stream::{Envelope, Source};
use super::table::Columns;
use super::watch::Watch;
use super::write::{self, Deletion, Preconditions, Target};
use super::writing::{ProtobufList, Writing};
use super::{discovery, pod_log, review};

pub(super) fn answer(call: &Call<'_>) -> Result<Answer, Status> {
    let info = call.info;
    if let Some(answer) = discovery::open_to_all(call) {
        return Ok(answer);
    }
    if call.user.is_anonymous() {
        return Err(forbidden(info));
    }
    if info.version.is_empty() || info.resource.is_empty() {
        return discovery::answer(call);
    }
    if let Some(answer) = review::answer(call)? {
        return Ok(answer);
    }
    let Some(index) = call.shared.resources.iter().position(|resource| {
        resource.plural == info.resource
            && resource.group == info.group
            && resource.version == info.version
    }) else {
        return unknown(call);
    };
    let resource = &call.shared.resources[index];
    if resource.qualified() == "pods" && info.subresource == "log" && info.verb == Verb::Get {
        return pod_log::answer(call, index);
    }
    check_path(info, resource)?;
    match info.verb {
        Verb::List => list(call, index),
        Verb::Watch => watch(call, index),
        Verb::Get => get(call, index),
        Verb::Create | Verb::Update | Verb::Patch => store(call, index),
        Verb::Delete => delete(call, index),
        Verb::DeleteCollection => delete_collection(call, index),
    }
}

/// A path whose group is not served is no path at all.
fn unknown(call: &Call<'_>) -> Result<Answer, Status> {
    let RequestInfo { group, version, .. } = call.info;
    let served = call
        .shared
        .resources
        .iter()
        .any(|resource| resource.group == *group && resource.version == *version);
    if served {
        Err(Status::unknown_path())
    } else {
        Ok(Answer::text(StatusCode::NOT_FOUND, "404 page not found\n"))
    }
}

fn check_path(info: &RequestInfo, resource: &Resource) -> Result<(), Status> {
    let status = info.subresource == "status" && resource.has_status;
    if !info.subresource.is_empty() && !status {
        return Err(Status::unknown_path());
    }
    let needs_namespace = resource.namespaced
        && info.namespace.is_empty()
        && (!info.name.is_empty() || info.verb == Verb::Create);
    let method = match info.verb {
        Verb::Create if !info.name.is_empty() => true,
        Verb::Update | Verb::Patch => info.name.is_empty(),
        _ => false,
    };
    if method {
        let message = "the server does not allow this method on the requested resource";
        return Err(Status::new(405, "MethodNotAllowed", message).with_details(json!({})));
    }
    if needs_namespace || (!resource.namespaced && !info.namespace.is_empty()) {
        return Err(Status::unknown_path());
    }
    Ok(())
}

fn list(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let resource = &call.shared.resources[index];
    let info = &*call.mishap.without_shard(call.info)?;
    let Agreed { form, protobuf } = call.agreed(index)?;
    let query = ListQuery::parse(info, index, resource)?;
    let page = query.run(&call.shared.store(), call.mishap.stale_by)?;
    let page = page.spoilt(info, call.mishap).said_in(&form, resource);
    let columns = Columns::of(resource);
    let envelope = Envelope {
        head: page.head(&form, resource, &columns),
        between: b",",
        after_each: b"",
        tail: page.tail(&form, resource),
    };
    let list = ProtobufList {
        types: form.list_types(resource),
        metadata: page.metadata_message(),
    };
    let items = page.into_objects();
    let items = items
        .iter()
        .map(|object| form.item(resource, &columns, object))
        .map(|item| call.mishap.versioned(item));
    let items = items.collect();
    if protobuf {
        return Ok(Answer::ProtobufList { items, list });
    }
    Ok(Answer::Stream {
        content_type: JSON,
        source: Source::Ready(items),
        envelope,
        writing: Writing::AsMade,
    })
}

fn watch(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let Agreed { form, protobuf } = call.agreed(index)?;
    let info = call.mishap.without_shard(call.info)?;
    let watch = Watch::open(call.shared, &info, index, form, call.mishap)?;
    let source = Source::Watch(Box::new(watch));
    if protobuf {
        return Ok(Answer::Stream {
            content_type: "application/vnd.kubernetes.protobuf;stream=watch",
            source,
            envelope: Envelope::default(),
            writing: Writing::Events,
        });
    }
    let envelope = Envelope {
        after_each: b"\n",
        ..Envelope::default()
    };
    Ok(Answer::Stream {
        content_type: JSON,
        source,
        envelope,
        writing: Writing::AsMade,
    })
}

fn get(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let (info, resource) = (call.info, &call.shared.resources[index]);
    let store = call.shared.store();
    let found = store.get(index, &key(&info.namespace, &info.name)).cloned();
    if let Ok(version) = info.parameter("resourceVersion").parse::<u64>()
        && version > store.version
    {
        return Err(Status::too_large(version, store.version));
    }
    drop(store);
    let found = found.ok_or_else(|| Status::not_found(resource, &info.name))?;
    call.single(index, StatusCode::OK, &found)
}

fn store(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let (info, resource) = (call.info, &call.shared.resources[index]);
    let target = call.target(index);
    let (kind, body) = if info.verb == Verb::Patch {
        let kind = PatchKind::of(call.content_type(), resource)?;
        (Some(kind), call.json_body()?)
    } else {
        (None, call.object()?)
    };
    let mut store = call.shared.store();
    let (stored, code) = match kind {
        Some(kind) => {
            let stored = write::patch(&mut store, target, |object| kind.apply(object, &body))?;
            (stored, StatusCode::OK)
        }
        None if info.verb == Verb::Create => (
            write::create(&mut store, target, body)?,
            StatusCode::CREATED,
        ),
        None => (write::update(&mut store, target, body)?, StatusCode::OK),
    };
    call.shared.after_change(&mut store, index);
    drop(store);
    call.single(index, code, &stored)
}

fn delete(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let resource = &call.shared.resources[index];
    let conditions = call.preconditions()?;
    let mut store = call.shared.store();
    let deletion = write::delete(&mut store, call.target(index), &conditions)?;
    if resource.plural == "namespaces" && matches!(deletion, Deletion::Gone(_)) {
        call.shared.empty_namespace(&mut store, &call.info.name);
    }
    call.shared.after_change(&mut store, index);
    drop(store);
    match deletion {
        Deletion::Marked(object) => call.single(index, StatusCode::OK, &object),
        Deletion::Gone(object) if returns_deleted(resource) => {
            call.single(index, StatusCode::OK, &object)
        }
        Deletion::Gone(object) => {
            let status = deleted(resource, &object).to_string().into();
            let protobuf = Agreed::writes_refusals_in_protobuf(call.headers);
            Ok(Answer::object(StatusCode::OK, status, protobuf))
        }
    }
}

/// The resources whose registry has `ReturnDeletedObject` set.
fn returns_deleted(resource: &Resource) -> bool {
    const NAMES: [&str; 8] = [
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ];
    resource.group.is_empty() && NAMES.contains(&resource.plural.as_str())
}

fn deleted(resource: &Resource, object: &Stored) -> Value {
    let mut details = json!({
        "name": object.name,
        "kind": resource.plural,
        "uid": object.uid,
    });
    if !resource.group.is_empty() {
        details["group"] = resource.group.as_str().into();
    }
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}

fn delete_collection(call: &Call<'_>, index: usize) -> Result<Answer, Status> {
    let resource = &call.shared.resources[index];
    let Agreed { form, protobuf } = call.agreed(index)?;
    let query = ListQuery::parse(call.info, index, resource)?;
    let mut store = call.shared.store();
    let page = query.run(&store, 0)?;
    let columns = Columns::of(resource);
    let (head, tail) = (
        page.head(&form, resource, &columns),
        page.tail(&form, resource),
    );
    let list = ProtobufList {
        types: form.list_types(resource),
        metadata: page.metadata_message(),
    };
    let mut items = VecDeque::new();
    for object in page.into_objects() {
        let target = Target {
            namespace: &object.namespace,
            name: &object.name,
            ..call.target(index)
        };
        let (Deletion::Gone(left) | Deletion::Marked(left)) =
            write::delete(&mut store, target, &Preconditions::default())?;
        items.push_back(form.item(resource, &columns, &left));
    }
    call.shared.after_change(&mut store, index);
    drop(store);
    if protobuf {
        return Ok(Answer::ProtobufList { items, list });
    }
    Ok(Answer::Stream {
        content_type: JSON,
        source: Source::Ready(items),
        envelope: Envelope {
            head,
            between: b",",
            after_each: b"",
            tail,
        },
        writing: Writing::AsMade,
    })
}

fn forbidden(info: &RequestInfo) -> Status {
    let user = "system:anonymous";
    let verb = info.verb.as_str();
    if info.resource.is_empty() {
        let message = format!(
            "forbidden: User \"{user}\" cannot {verb} path \"{}\"",
            info.path
        );
        return Status::new(403, "Forbidden", message).with_details(json!({}));
    }
    let qualified = if info.group.is_empty() {
        info.resource.clone()
    } else {
        format!("{}.{}", info.resource, info.group)
    };
    let named = if info.name.is_empty() {
        String::new()
    } else {
        format!(" \"{}\"", info.name)
    };
    let place = if info.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", info.namespace)
    };
    let message = format!(
        "{qualified}{named} is forbidden: User \"{user}\" cannot {verb} resource \"{}\" in API \
         group \"{}\" {place}",
        info.resource, info.group
    );
    let mut details = json!({ "kind": info.resource });
    if !info.name.is_empty() {
        details["name"] = info.name.as_str().into();
    }
    if !info.group.is_empty() {
        details["group"] = info.group.as_str().into();
    }
    Status::new(403, "Forbidden", message).with_details(details)
}

impl Call<'_> {
    /// What the client gets of a resource.
    fn agreed(&self, index: usize) -> Result<Agreed, Status> {
        let include = self.info.parameter("includeObject");
        let lacks = Lacks {
            metadata: self.mishap.no_metadata,
            protobuf: self.shared.resources[index].is_custom,
            fault: self.mishap.no_protobuf,
        };
        Agreed::negotiate(self.headers, include, lacks)
    }

    fn content_type(&self) -> &str {
        let value = self.headers.get(CONTENT_TYPE);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The object that the body holds.
    pub(super) fn object(&self) -> Result<Value, Status> {
        const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
        let essence = self.content_type().split(';').next().unwrap_or_default();
        match essence.trim() {
            "" | "application/json" => self.json_body(),
            PROTOBUF => protobuf::decode(self.body).map_err(|error| {
                let message = format!("the in-memory server cannot read this {PROTOBUF}: {error}");
                Status::new(415, "UnsupportedMediaType", message)
            }),
            other => {
                let message = format!(
                    "the body of the request was in an unknown format ({other}) - accepted media \
                     types include: application/json, {PROTOBUF}"
                );
                Err(Status::new(415, "UnsupportedMediaType", message))
            }
        }
    }

    fn json_body(&self) -> Result<Value, Status> {
        serde_json::from_slice(self.body).map_err(|error| {
            Status::bad_request(format!("the body of the request is not JSON: {error}"))
        })
    }

    fn target(&self, index: usize) -> Target<'_> {
        Target {
            index,
            resource: &self.shared.resources[index],
            namespace: &self.info.namespace,
            name: &self.info.name,
            status: self.info.subresource == "status",
            dry_run: self.info.is_dry_run(),
        }
    }

    fn preconditions(&self) -> Result<Preconditions, Status> {
        if self.body.is_empty() {
            return Ok(Preconditions::default());
        }
        let body = self.object()?;
        let text = |name: &str| body["preconditions"][name].as_str().map(str::to_owned);
        Ok(Preconditions {
            uid: text("uid"),
            version: text("resourceVersion"),
        })
    }

    fn single(&self, index: usize, code: StatusCode, object: &Stored) -> Result<Answer, Status> {
        let resource = &self.shared.resources[index];
        let Agreed { form, protobuf } = self.agreed(index)?;
        let mut bytes = BytesMut::new();
        form.write_single(resource, &Columns::of(resource), object, true, &mut bytes);
        bytes.extend_from_slice(b"\n");
        Ok(Answer::object(code, Bytes::from(bytes), protobuf))
    }
}
