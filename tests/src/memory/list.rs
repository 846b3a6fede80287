//! Lists: pages, versions, selectors.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::fault::Mishap;
use super::form::Form;
use super::object::Stored;
use super::page::{expired_page, token};
use super::request::RequestInfo;
use super::resource::Resource;
use super::selector::Selector;
use super::shard::ShardSelector;
use super::status::{Cause, Status};
use super::store::Store;
use super::table::Columns;
use crate::protobuf::field;

/// What a list request wants, its options checked.
#[derive(Debug)]
pub(super) struct ListQuery {
    limit: Option<usize>,
    from: From,
    /// The resource's place among the server's resources.
    pub(super) index: usize,
    pub(super) selector: Selector,
    /// Keys start with this.
    pub(super) prefix: String,
}

/// Which state a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Newest,
    /// Any state will do; a limit is not heeded.
    Any,
    NotOlderThan(u64),
    Exact(u64),
    /// A later page of the state at a version, or of the newest one.
    Continue {
        version: Option<u64>,
        start: String,
    },
}

/// The objects of one page.
#[derive(Debug)]
pub(super) struct Page {
    /// `None` where the list does not say it.
    version: Option<u64>,
    objects: Vec<Arc<Stored>>,
    next: Option<String>,
    remaining: Option<usize>,
    /// The shard that it says it is of.
    shard: Option<String>,
}

impl ListQuery {
    pub(super) fn parse(
        info: &RequestInfo,
        index: usize,
        resource: &Resource,
    ) -> Result<Self, Status> {
        check_options(info)?;
        let limit = info.number("limit")?.filter(|limit| *limit > 0);
        Ok(Self {
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
            from: From::parse(info, limit.is_some())?,
            index,
            selector: selector(info, resource)?,
            prefix: prefix(resource, &info.namespace),
        })
    }

    /// Answers from the state `behind` versions ago instead of the newest.
    pub(super) fn run(&self, store: &Store, behind: u64) -> Result<Page, Status> {
        let floor = store.floor(self.index);
        let newest = store.version.saturating_sub(behind).max(floor);
        let (version, start) = match &self.from {
            From::NotOlderThan(wanted) | From::Exact(wanted) if *wanted > store.version => {
                return Err(Status::too_large(*wanted, store.version));
            }
            From::Newest | From::Any | From::NotOlderThan(_) => (newest, ""),
            From::Exact(wanted) if *wanted < floor => {
                let message = "The resourceVersion for the provided list is too old.";
                return Err(Status::expired(message));
            }
            From::Exact(wanted) => (*wanted, ""),
            From::Continue { version, start } => (version.unwrap_or(newest), start.as_str()),
        };
        if version < floor {
            return Err(expired_page(start));
        }
        Ok(self.page(store, version, start))
    }

    fn page(&self, store: &Store, version: u64, start: &str) -> Page {
        let mut matching = self.matching(store, version, start);
        let shard = self.selector.shard().map(str::to_owned);
        let limit = self.limit.filter(|_| self.from != From::Any);
        let Some(limit) = limit.filter(|limit| *limit < matching.len()) else {
            return Page {
                version: Some(version),
                objects: matching,
                next: None,
                remaining: None,
                shard,
            };
        };
        let rest = matching.len() - limit;
        matching.truncate(limit);
        let last = matching.last().map_or("", |object| &object.key);
        let next = token(Some(version), &format!("{last}\0"));
        Page {
            version: Some(version),
            objects: matching,
            next: Some(next),
            remaining: self.selector.is_empty().then_some(rest),
            shard,
        }
    }

    fn matching(&self, store: &Store, version: u64, start: &str) -> Vec<Arc<Stored>> {
        let mut found = store.range_at(self.index, version, start, &self.prefix);
        found.retain(|object| self.selector.matches(object));
        found
    }
}

impl From {
    fn parse(info: &RequestInfo, limited: bool) -> Result<Self, Status> {
        let (token, version) = (
            info.parameter("continue"),
            info.parameter("resourceVersion"),
        );
        if !token.is_empty() {
            if !["", "0"].contains(&version) {
                return Err(Status::bad_request(
                    "specifying resource version is not allowed when using continue",
                ));
            }
            return read_token(token);
        }
        let version = match version {
            "" => return Ok(Self::Newest),
            "0" => return Ok(Self::Any),
            text => parse_version(text)?,
        };
        match info.parameter("resourceVersionMatch") {
            "Exact" => Ok(Self::Exact(version)),
            // A limit makes a plain version an exact one.
            "" if limited => Ok(Self::Exact(version)),
            _ => Ok(Self::NotOlderThan(version)),
        }
    }
}

impl Page {
    /// What stands before the items.
    pub(super) fn head(&self, form: &Form, resource: &Resource, columns: &Columns) -> Bytes {
        let (version, kind) = form.list_types(resource);
        let mut head = if resource.is_custom && matches!(form, Form::Whole) {
            json!({ "apiVersion": version })
        } else {
            json!({ "kind": kind, "apiVersion": version, "metadata": self.metadata() })
        };
        let items = if let Form::Table(_) = form {
            head["columnDefinitions"] = columns.definitions();
            "rows"
        } else {
            "items"
        };
        let text = head.to_string();
        format!("{},\"{items}\":[", &text[..text.len() - 1]).into()
    }

    /// What stands after the items.
    pub(super) fn tail(&self, form: &Form, resource: &Resource) -> Bytes {
        if resource.is_custom && matches!(form, Form::Whole) {
            let (kind, metadata) = (form.list_types(resource).1, self.metadata());
            return format!("],\"kind\":\"{kind}\",\"metadata\":{metadata}}}\n").into();
        }
        Bytes::from_static(b"]}\n")
    }

    pub(super) fn into_objects(self) -> Vec<Arc<Stored>> {
        self.objects
    }

    /// What faults make of it.
    pub(super) fn spoilt(mut self, info: &RequestInfo, mishap: &Mishap) -> Self {
        if mishap.no_versions.is_some() {
            self.version = None;
        }
        if mishap.no_shards.is_some() {
            self.shard = None;
        }
        if mishap.repeats_token {
            self.next = Some(info.parameter("continue").to_owned());
        }
        self
    }

    /// Only lists of whole objects of built-in kinds say of which shard they are: the others are made anew of what
    /// they were, or have no place for it.
    pub(super) fn said_in(mut self, form: &Form, resource: &Resource) -> Self {
        if resource.is_custom || !matches!(form, Form::Whole) {
            self.shard = None;
        }
        self
    }

    /// A `metav1.ListMeta`.
    pub(super) fn metadata_message(&self) -> Vec<u8> {
        let version = self.version.map(|version| version.to_string());
        let texts = [version.as_deref(), self.next.as_deref()];
        let mut message = field(1, b"");
        for (number, text) in (2..).zip(texts) {
            message.extend(field(number, text.unwrap_or_default().as_bytes()));
        }
        if let Some(mut remaining) = self.remaining {
            message.push(4 << 3);
            while remaining >= 0x80 {
                message.push(u8::try_from(remaining & 0x7f).unwrap_or_default() | 0x80);
                remaining >>= 7;
            }
            message.push(u8::try_from(remaining).unwrap_or_default());
        }
        if let Some(shard) = &self.shard {
            message.extend(field(5, &field(1, shard.as_bytes())));
        }
        message
    }

    fn metadata(&self) -> Value {
        let mut metadata = json!({});
        if let Some(version) = self.version {
            metadata["resourceVersion"] = version.to_string().into();
        }
        if let Some(next) = &self.next {
            metadata["continue"] = next.as_str().into();
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = remaining.into();
        }
        if let Some(shard) = &self.shard {
            metadata["shardInfo"] = json!({ "selector": shard });
        }
        metadata
    }
}

/// The keys of a namespace, or all of them.
pub(super) fn prefix(resource: &Resource, namespace: &str) -> String {
    if resource.namespaced && !namespace.is_empty() {
        format!("{namespace}/")
    } else {
        String::new()
    }
}

pub(super) fn selector(info: &RequestInfo, resource: &Resource) -> Result<Selector, Status> {
    let (labels, fields) = (
        info.parameter("labelSelector"),
        info.parameter("fieldSelector"),
    );
    let selector = Selector::parse(resource, labels, fields)?;
    let shard = ShardSelector::parse(info.parameter("shardSelector"))?;
    let selector = selector.in_shard(shard);
    Ok(if info.name.is_empty() {
        selector
    } else {
        selector.and_name(&info.name)
    })
}

pub(super) fn parse_version(text: &str) -> Result<u64, Status> {
    text.parse().map_err(|_| {
        Status::bad_request(format!(
            "Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    })
}

/// The rules of apimachinery's `ValidateListOptions`.
fn check_options(info: &RequestInfo) -> Result<(), Status> {
    const FIELD: &str = "resourceVersionMatch";
    let (version, wanted) = (info.parameter("resourceVersion"), info.parameter(FIELD));
    let mut causes = Vec::new();
    if !wanted.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            causes.push(Cause::forbidden(FIELD, why));
        }
        if !info.parameter("continue").is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            causes.push(Cause::forbidden(FIELD, why));
        }
        if !["Exact", "NotOlderThan"].contains(&wanted) {
            let supported = "\"Exact\", \"NotOlderThan\", \"\"";
            causes.push(Cause::unsupported(FIELD, wanted, supported));
        }
        if wanted == "Exact" && version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(Cause::forbidden(FIELD, why));
        }
    }
    if info.switch("sendInitialEvents").is_some() {
        let why = "sendInitialEvents is forbidden for list";
        causes.push(Cause::forbidden("sendInitialEvents", why));
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid_options(&causes))
    }
}

fn read_token(text: &str) -> Result<From, Status> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let token: Value = serde_json::from_slice(&bytes).ok()?;
        Some(From::Continue {
            version: token["rv"]
                .as_i64()
                .and_then(|version| u64::try_from(version).ok()),
            start: token["start"].as_str()?.to_owned(),
        })
    };
    read().ok_or_else(|| Status::bad_request("continue key is not valid"))
}
