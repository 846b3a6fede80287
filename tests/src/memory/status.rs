//! What the server says when it refuses.

use http::StatusCode;
use serde_json::{Value, json};

use super::resource::Resource;

/// A Kubernetes `Status` that reports a failure: the body of an answer, or the object of an `ERROR`
/// event.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    code: u16,
    reason: String,
    message: String,
    details: Value,
    continue_token: Option<String>,
}

impl Status {
    /// A failure with an HTTP code, a reason as in `Expired`, and a message.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            details: Value::Null,
            continue_token: None,
        }
    }

    /// Sets `details`.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Sets `details.retryAfterSeconds`, which is the header `Retry-After` as well.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        if !self.details.is_object() {
            self.details = json!({});
        }
        self.details["retryAfterSeconds"] = seconds.into();
        self
    }

    pub(super) fn with_continue(mut self, token: String) -> Self {
        self.continue_token = Some(token);
        self
    }

    /// The HTTP code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reason, as in `AlreadyExists`.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn http_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        self.details["retryAfterSeconds"].as_u64()
    }

    /// The whole object.
    pub fn to_json(&self) -> Value {
        let mut metadata = json!({});
        if let Some(token) = &self.continue_token {
            metadata["continue"] = token.as_str().into();
        }
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.as_str().into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(super) fn unknown_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, "NotFound", message).with_details(json!({}))
    }

    pub(super) fn not_found(resource: &Resource, name: &str) -> Self {
        Self::about(resource, name, 404, "NotFound", "not found")
    }

    pub(super) fn already_exists(resource: &Resource, name: &str) -> Self {
        Self::about(resource, name, 409, "AlreadyExists", "already exists")
    }

    pub(super) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            resource.qualified()
        );
        Self::new(409, "Conflict", message).with_details(object_details(resource, name))
    }

    /// A deletion's precondition does not hold; the real server names the kind here.
    pub(super) fn unmet(resource: &Resource, name: &str, why: &str) -> Self {
        let kind = Resource {
            plural: resource.kind.clone(),
            ..resource.clone()
        };
        Self::conflict(&kind, name, why)
    }

    pub(super) fn outdated(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(resource, name, why)
    }

    /// One field of an object is wrong.
    pub(super) fn invalid(resource: &Resource, name: &str, cause: &Cause<'_>) -> Self {
        let mut details = json!({ "name": name, "kind": resource.kind });
        if !resource.group.is_empty() {
            details["group"] = resource.group.as_str().into();
        }
        details["causes"] = json!([cause.to_json()]);
        let message = format!("{} \"{name}\" is invalid: {cause}", resource.kind);
        Self::new(422, "Invalid", message).with_details(details)
    }

    /// The options of a list or watch contradict each other.
    pub(super) fn invalid_options(causes: &[Cause<'_>]) -> Self {
        let listed: Vec<String> = causes.iter().map(ToString::to_string).collect();
        let text = match listed.as_slice() {
            [one] => one.clone(),
            more => format!("[{}]", more.join(", ")),
        };
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {text}");
        let causes: Vec<Value> = causes.iter().map(Cause::to_json).collect();
        Self::new(422, "Invalid", message).with_details(json!({
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": causes,
        }))
    }

    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(super) fn too_old(requested: u64, oldest: u64) -> Self {
        Self::expired(format!("too old resource version: {requested} ({oldest})"))
    }

    /// The version requested is ahead of the server's.
    pub fn too_large(requested: u64, current: u64) -> Self {
        let message =
            format!("Timeout: Too large resource version: {requested}, current: {current}");
        Self::new(504, "Timeout", message).with_details(json!({
            "causes": [{
                "reason": "ResourceVersionTooLarge",
                "message": "Too large resource version",
            }],
            "retryAfterSeconds": 1,
        }))
    }

    fn about(resource: &Resource, name: &str, code: u16, reason: &str, what: &str) -> Self {
        let message = format!("{} \"{name}\" {what}", resource.qualified());
        Self::new(code, reason, message).with_details(object_details(resource, name))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for Status {}

/// What is wrong with one field.
pub(super) struct Cause<'a> {
    /// As in `FieldValueForbidden`.
    pub(super) reason: &'a str,
    pub(super) field: &'a str,
    pub(super) message: String,
}

impl<'a> Cause<'a> {
    pub(super) fn forbidden(field: &'a str, why: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field,
            message: format!("Forbidden: {why}"),
        }
    }

    pub(super) fn required(field: &'a str, why: &str) -> Self {
        Self {
            reason: "FieldValueRequired",
            field,
            message: format!("Required value: {why}"),
        }
    }

    pub(super) fn invalid(field: &'a str, value: &str, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field,
            message: format!("Invalid value: {value}: {why}"),
        }
    }

    pub(super) fn unsupported(field: &'a str, value: &str, supported: &str) -> Self {
        Self {
            reason: "FieldValueNotSupported",
            field,
            message: format!("Unsupported value: \"{value}\": supported values: {supported}"),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "reason": self.reason, "message": self.message, "field": self.field })
    }
}

impl std::fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

fn object_details(resource: &Resource, name: &str) -> Value {
    let mut details = json!({ "name": name, "kind": resource.plural });
    if !resource.group.is_empty() {
        details["group"] = resource.group.as_str().into();
    }
    details
}
