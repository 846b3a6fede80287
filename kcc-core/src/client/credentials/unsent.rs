use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use http::{Response, StatusCode};
use hyper::body::Body as _;
use serde_json::{Map, Value, json};

use crate::client::error::NamedRef;
use crate::client::target::Target;
use crate::client::transport::ResponseBody;
use crate::kubeconfig::{Named, NamedKind, User};

/// What is read of a response that refuses.
const MOST: usize = 64 * 1024;

/// A user's credential that is not sent, since it would go over plain http (client-go's
/// `clientcmd/client_config.go`, `ClientConfig`: "only try to read the auth information if we are
/// secure").
pub(crate) struct UnsentCredential {
    user: NamedRef,
    cluster: NamedRef,
    server: String,
}

impl UnsentCredential {
    /// `None` where the user has nothing to send.
    pub(crate) fn of(user: &Named<User>, target: &Target) -> Option<Self> {
        user.value.has_credential().then(|| Self {
            user: NamedRef::of(user, NamedKind::User),
            cluster: target.cluster.clone(),
            server: target.address(),
        })
    }

    /// A response that refuses an anonymous request says why nothing was sent.
    pub(crate) async fn explain(&self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        if !refused.contains(&response.status()) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let text = self.status(parts.status, &read(body).await).to_string();
        parts.headers.remove(TRANSFER_ENCODING);
        parts.headers.insert(CONTENT_LENGTH, text.len().into());
        let json = HeaderValue::from_static("application/json");
        parts.headers.insert(CONTENT_TYPE, json);
        Response::from_parts(parts, ResponseBody::of_text(text))
    }

    /// The server's own `Status` where it is one, with the reason behind its message.
    fn status(&self, code: StatusCode, body: &[u8]) -> Value {
        let own = serde_json::from_slice::<Map<String, Value>>(body).ok();
        let own = own.filter(|own| own.get("kind").is_some_and(|kind| kind == "Status"));
        let mut status = own.unwrap_or_else(|| {
            let reason = code.canonical_reason().unwrap_or_default().replace(' ', "");
            let text = std::str::from_utf8(body).unwrap_or_default().trim();
            let status = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "reason": reason, "code": code.as_u16(), "message": text,
            });
            serde_json::from_value(status).unwrap_or_default()
        });
        let said = status.get("message").and_then(Value::as_str);
        let said = said.filter(|said| !said.is_empty()).unwrap_or("refused");
        let message = format!("{said} ({self})");
        status.insert("message".to_owned(), message.into());
        Value::Object(status)
    }
}

impl fmt::Display for UnsentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            cluster,
            server,
        } = self;
        write!(
            f,
            "{user}: nothing of this user was sent and no plugin was run, because {server} is plain \
             http, where kubectl sends nothing either; write https:// if the server speaks it: \
             {cluster}"
        )
    }
}

async fn read(mut body: ResponseBody) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < MOST {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(frame)) => text.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) | None => break,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsent() -> UnsentCredential {
        let named = |kind, name: &str| NamedRef {
            origin: None,
            kind,
            name: name.to_owned(),
        };
        UnsentCredential {
            user: named(NamedKind::User, "u"),
            cluster: named(NamedKind::Cluster, "c"),
            server: "http://a:1".to_owned(),
        }
    }

    async fn explained(code: u16, body: &str) -> (http::HeaderMap, Vec<u8>) {
        let body = ResponseBody::of_text(body.to_owned());
        let response = Response::builder().status(code).body(body).unwrap();
        let explained = unsent().explain(response).await;
        assert_eq!(explained.status(), code);
        let (parts, body) = explained.into_parts();
        (parts.headers, read(body).await)
    }

    #[tokio::test]
    async fn a_refusal_says_why_nothing_was_sent() {
        let own = r#"{"kind":"Status","code":403,"reason":"Forbidden","message":"no pods for you","x":1}"#;
        for (code, body, said, reason) in [
            (403, own, "no pods for you (u: nothing of", "Forbidden"),
            (
                401,
                "Unauthorized\n",
                "Unauthorized (u: nothing of",
                "Unauthorized",
            ),
            (401, "", "refused (u: nothing of", "Unauthorized"),
        ] {
            let (headers, body) = explained(code, body).await;
            assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
            let status: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(status["code"], code);
            assert_eq!(status["reason"], reason);
            let message = status["message"].as_str().unwrap();
            assert!(message.starts_with(said), "{message}");
            assert!(message.contains("http://a:1 is plain http"), "{message}");
        }
        let (_, body) = explained(404, "not here").await;
        assert_eq!(body, b"not here");
    }
}
