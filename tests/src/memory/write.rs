//! Creates, replaces, patches and deletes objects, with the checks and the metadata of the real
//! server. Nothing but metadata is checked, and no defaults are filled in.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::object::{Stored, key};
use super::resource::Resource;
use super::status::{Cause, Status};
use super::store::Store;

/// The place that a write is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The resource's place among the server's resources.
    pub(super) index: usize,
    pub(super) resource: &'a Resource,
    pub(super) namespace: &'a str,
    /// Empty for a create.
    pub(super) name: &'a str,
    /// Whether only `status` is written.
    pub(super) status: bool,
    pub(super) dry_run: bool,
}

/// What a deletion needs to hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Preconditions {
    pub(super) uid: Option<String>,
    pub(super) version: Option<String>,
}

/// What became of an object.
pub(super) enum Deletion {
    Gone(Arc<Stored>),
    /// It has finalizers.
    Marked(Arc<Stored>),
}

impl Target<'_> {
    fn key(&self) -> String {
        key(self.namespace, self.name)
    }

    fn current(&self, store: &Store) -> Result<Arc<Stored>, Status> {
        store
            .get(self.index, &self.key())
            .cloned()
            .ok_or_else(|| Status::not_found(self.resource, self.name))
    }
}

/// Makes an object that was not there.
pub(super) fn create(
    store: &mut Store,
    at: Target<'_>,
    object: Value,
) -> Result<Arc<Stored>, Status> {
    let mut object = accept(&at, object)?;
    let metadata = &mut object["metadata"];
    if present(&metadata["resourceVersion"]).is_some() {
        return Err(Status::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let name = new_name(metadata, at.resource, store.version)?;
    let at = Target { name: &name, ..at };
    if store.get(at.index, &at.key()).is_some() {
        return Err(Status::already_exists(at.resource, &name));
    }
    begin_life(store, &at, &mut object, None);
    if at.resource.has_status {
        object["status"] = first_status(at.resource);
    }
    Ok(commit(store, &at, object))
}

/// Replaces an object.
pub(super) fn update(
    store: &mut Store,
    at: Target<'_>,
    object: Value,
) -> Result<Arc<Stored>, Status> {
    let current = at.current(store)?;
    let mut object = accept(&at, object)?;
    let metadata = &mut object["metadata"];
    match present(&metadata["name"]) {
        None => metadata["name"] = at.name.into(),
        Some(name) if name == at.name => {}
        Some(name) => {
            return Err(Status::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                at.name
            )));
        }
    }
    check_identity(&at, &current, &object)?;
    let current_value = current.value(at.resource);
    carry_over(&at, &current_value, &mut object);
    if without_version(&object) == without_version(&current_value) {
        return Ok(current);
    }
    let finished =
        !object["metadata"]["deletionTimestamp"].is_null() && !has_finalizers(&object["metadata"]);
    if finished && !at.dry_run {
        let gone = store.remove(at.index, &at.key(), at.resource);
        return gone.ok_or_else(|| Status::not_found(at.resource, at.name));
    }
    Ok(commit(store, &at, object))
}

/// Changes an object by what `change` makes of it.
pub(super) fn patch(
    store: &mut Store,
    at: Target<'_>,
    change: impl FnOnce(&mut Value) -> Result<(), Status>,
) -> Result<Arc<Stored>, Status> {
    let current = at.current(store)?;
    let mut object = current.value(at.resource);
    change(&mut object)?;
    update(store, at, object)
}

/// Removes an object, or marks it where it has finalizers.
pub(super) fn delete(
    store: &mut Store,
    at: Target<'_>,
    conditions: &Preconditions,
) -> Result<Deletion, Status> {
    let current = at.current(store)?;
    check_preconditions(&at, &current, conditions)?;
    let mut object = current.value(at.resource);
    if has_finalizers(&object["metadata"]) {
        if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = now().into();
            object["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            return Ok(Deletion::Marked(commit(store, &at, object)));
        }
        return Ok(Deletion::Marked(current));
    }
    if at.dry_run {
        return Ok(Deletion::Gone(current));
    }
    let gone = store.remove(at.index, &at.key(), at.resource);
    gone.map(Deletion::Gone)
        .ok_or_else(|| Status::not_found(at.resource, at.name))
}

/// Stores an object as it is, also its status; makes it where it is missing. Another UID than the
/// present one's is another object: the present one is deleted first.
pub(super) fn put(
    store: &mut Store,
    at: Target<'_>,
    mut object: Value,
    shown: Option<u64>,
) -> Arc<Stored> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let uid = present(&object["metadata"]["uid"]).map(str::to_owned);
    let current = store.get(at.index, &at.key()).cloned();
    match current {
        Some(current) if uid.as_ref().is_none_or(|uid| *uid == current.uid) => {
            let value = current.value(at.resource);
            inherit_metadata(&at, &value, &mut object);
            count_generation(&at, &value, &mut object);
        }
        Some(_) => {
            store.remove(at.index, &at.key(), at.resource);
            begin_life(store, &at, &mut object, uid);
        }
        None => begin_life(store, &at, &mut object, uid),
    }
    store.commit(at.index, |version| {
        Stored::new(at.resource, object, shown.unwrap_or(version))
    })
}

/// Checks what every written object needs.
fn accept(at: &Target<'_>, mut object: Value) -> Result<Value, Status> {
    let Some(map) = object.as_object_mut() else {
        return Err(Status::bad_request("the body of the request is no object"));
    };
    let (kind, version) = (at.resource.kind.as_str(), at.resource.api_version());
    let said = |name: &str| {
        map.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if said("kind").is_some_and(|said| said != kind)
        || said("apiVersion").is_some_and(|said| said != version)
    {
        return Err(Status::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {kind}: no kind \"{}\" is registered for \
             that version here",
            said("kind").unwrap_or_default(),
            said("apiVersion").unwrap_or_default(),
            said("kind").unwrap_or_default(),
        )));
    }
    map.insert("kind".into(), kind.into());
    map.insert("apiVersion".into(), version.into());
    let metadata = map.entry("metadata").or_insert_with(|| json!({}));
    if !metadata.is_object() {
        *metadata = json!({});
    }
    match present(&metadata["namespace"]) {
        Some(said) if said != at.namespace => {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the \
                 request",
            ));
        }
        _ if at.namespace.is_empty() => remove(metadata, "namespace"),
        _ => metadata["namespace"] = at.namespace.into(),
    }
    check_labels(at.resource, metadata)?;
    Ok(object)
}

fn check_labels(resource: &Resource, metadata: &Value) -> Result<(), Status> {
    for field in ["labels", "annotations"] {
        let strings = match &metadata[field] {
            Value::Null => true,
            Value::Object(map) => map.values().all(Value::is_string),
            _ => false,
        };
        if !strings {
            return Err(Status::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal a value of \
                 metadata.{field} into Go value of type string",
                resource.kind, resource.version, resource.kind
            )));
        }
    }
    Ok(())
}

fn new_name(metadata: &mut Value, resource: &Resource, seed: u64) -> Result<String, Status> {
    if present(&metadata["name"]).is_none() {
        let Some(start) = present(&metadata["generateName"]) else {
            let why = "name or generateName is required";
            let cause = Cause::required("metadata.name", why);
            return Err(Status::invalid(resource, "", &cause));
        };
        let name = format!("{start}{}", name_suffix(seed));
        metadata["name"] = name.into();
    }
    let name = present(&metadata["name"]).unwrap_or_default().to_owned();
    if is_name(&name) {
        return Ok(name);
    }
    let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
               '-' or '.', and must start and end with an alphanumeric character (e.g. \
               'example.com', regex used for validation is \
               '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let cause = Cause::invalid("metadata.name", &format!("{name:?}"), why);
    Err(Status::invalid(resource, &name, &cause))
}

fn is_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.len() <= 253
        && name.split('.').all(|label| {
            label.starts_with(allowed)
                && label.ends_with(allowed)
                && label.chars().all(|letter| allowed(letter) || letter == '-')
        })
}

/// Five letters that no earlier version gave.
fn name_suffix(seed: u64) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest = Sha256::digest(seed.to_be_bytes());
    digest[..5]
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

fn begin_life(store: &Store, at: &Target<'_>, object: &mut Value, uid: Option<String>) {
    let uid = uid.unwrap_or_else(|| new_uid(store, at));
    let metadata = &mut object["metadata"];
    metadata["name"] = at.name.into();
    if !at.namespace.is_empty() {
        metadata["namespace"] = at.namespace.into();
    }
    metadata["uid"] = uid.into();
    metadata["creationTimestamp"] = now().into();
    if at.resource.has_generation {
        metadata["generation"] = 1.into();
    }
    remove(metadata, "deletionTimestamp");
    remove(metadata, "deletionGracePeriodSeconds");
}

/// The same in every run, and never the same twice in one.
fn new_uid(store: &Store, at: &Target<'_>) -> String {
    let text = format!(
        "{}/{}/{}/{}",
        store.epoch,
        store.version,
        at.resource.qualified(),
        at.key()
    );
    let digest = Sha256::digest(text);
    let mut id = [0_u8; 16];
    id.copy_from_slice(&digest[..16]);
    // Version 4, variant 1.
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    let hex = crate::cluster::hex(&id);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn first_status(resource: &Resource) -> Value {
    match resource.kind.as_str() {
        "Pod" => json!({ "phase": "Pending", "qosClass": "BestEffort" }),
        "Namespace" => json!({ "phase": "Active" }),
        "Service" => json!({ "loadBalancer": {} }),
        _ => json!({}),
    }
}

fn check_identity(at: &Target<'_>, current: &Stored, object: &Value) -> Result<(), Status> {
    let metadata = &object["metadata"];
    match present(&metadata["resourceVersion"]) {
        Some(version) if version != current.version.to_string() => {
            return Err(Status::outdated(at.resource, at.name));
        }
        None if at.resource.is_custom => {
            let why = "must be specified for an update";
            let cause = Cause::invalid("metadata.resourceVersion", "0x0", why);
            return Err(Status::invalid(at.resource, at.name, &cause));
        }
        _ => {}
    }
    match present(&metadata["uid"]) {
        Some(uid) if uid != current.uid => Err(wrong_uid(at, uid, current)),
        _ => Ok(()),
    }
}

fn check_preconditions(
    at: &Target<'_>,
    current: &Stored,
    conditions: &Preconditions,
) -> Result<(), Status> {
    let (uid, version) = (&current.uid, current.version.to_string());
    if let Some(wanted) = conditions.uid.as_ref().filter(|wanted| *wanted != uid) {
        return Err(Status::unmet(
            at.resource,
            at.name,
            &format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). \
                 The object might have been deleted and then recreated"
            ),
        ));
    }
    match &conditions.version {
        Some(wanted) if *wanted != version => Err(Status::unmet(
            at.resource,
            at.name,
            &format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the \
                 ResourceVersion in record ({version}). The object might have been modified"
            ),
        )),
        _ => Ok(()),
    }
}

fn wrong_uid(at: &Target<'_>, uid: &str, current: &Stored) -> Status {
    let why = format!(
        "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
        current.uid
    );
    Status::conflict(at.resource, at.name, &why)
}

/// A client cannot change these.
fn carry_over(at: &Target<'_>, current: &Value, object: &mut Value) {
    if at.status {
        let mut merged = current.clone();
        merged["status"] = object["status"].take();
        *object = merged;
        return;
    }
    inherit_metadata(at, current, object);
    if at.resource.has_status {
        match current.get("status") {
            Some(status) => object["status"] = status.clone(),
            None => remove(object, "status"),
        }
    }
    count_generation(at, current, object);
}

fn inherit_metadata(at: &Target<'_>, current: &Value, object: &mut Value) {
    const FIXED: [&str; 6] = [
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ];
    let metadata = &mut object["metadata"];
    metadata["name"] = at.name.into();
    for field in FIXED {
        match current["metadata"].get(field) {
            Some(value) => metadata[field] = value.clone(),
            None => remove(metadata, field),
        }
    }
}

fn count_generation(at: &Target<'_>, current: &Value, object: &mut Value) {
    let generation = current["metadata"]["generation"].as_u64();
    if let (true, Some(generation)) = (at.resource.has_generation, generation) {
        let changed = essence(object) != essence(current);
        object["metadata"]["generation"] = (generation + u64::from(changed)).into();
    }
}

/// Everything but what describes the object and its state.
fn essence(object: &Value) -> Map<String, Value> {
    let mut map = object.as_object().cloned().unwrap_or_default();
    for name in ["metadata", "status", "kind", "apiVersion"] {
        map.remove(name);
    }
    map
}

fn without_version(object: &Value) -> Value {
    let mut object = object.clone();
    remove(&mut object["metadata"], "resourceVersion");
    remove(&mut object, "kind");
    remove(&mut object, "apiVersion");
    object
}

fn commit(store: &mut Store, at: &Target<'_>, object: Value) -> Arc<Stored> {
    if at.dry_run {
        let version = store
            .get(at.index, &at.key())
            .map_or(0, |current| current.version);
        return Arc::new(Stored::new(at.resource, object, version));
    }
    store.commit(at.index, |version| {
        Stored::new(at.resource, object, version)
    })
}

fn has_finalizers(metadata: &Value) -> bool {
    metadata["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
}

fn present(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn remove(object: &mut Value, field: &str) {
    if let Some(map) = object.as_object_mut() {
        map.remove(field);
    }
}

fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
