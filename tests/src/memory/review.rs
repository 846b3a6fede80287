//! `kubectl auth whoami`.

use http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use super::call::Call;
use super::request::Verb;
use super::status::Status;

const GROUP: &str = "authentication.k8s.io";

/// Answers a `SelfSubjectReview`; `None` for any other request.
pub(super) fn answer(call: &Call<'_>) -> Result<Option<Answer>, Status> {
    let info = call.info;
    let is_review = info.group == GROUP
        && info.version == "v1"
        && info.resource == "selfsubjectreviews"
        && info.verb == Verb::Create;
    if !is_review {
        return Ok(None);
    }
    call.object()?;
    let review = json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": { "userInfo": { "username": call.user.name, "groups": call.user.groups } },
    });
    Ok(Some(Answer::json(StatusCode::CREATED, &review)))
}
