//! What a plugin may answer, and what the client gets of it. With the lines of client-go's exec
//! tests that concern a plugin's output.

use serde_json::{Value, json};

use crate::{Bench, V1, V1BETA1, code, credential, exec_info, stderr};

const CERTIFICATE: &str = include_str!("../../../kcc-core/testdata/client.pem");
const KEY: &str = include_str!("../../../kcc-core/testdata/client-key.pem");
const NOT_AFTER: &str = "2036-11-20T04:36:49Z";

fn answer(bench: &Bench, status: &Value) {
    let answer = json!({ "kind": "ExecCredential", "apiVersion": V1, "status": status });
    bench.plugin.answers(&answer.to_string()).unwrap();
}

fn status_of(status: &Value) -> Value {
    let bench = Bench::new();
    answer(&bench, status);
    let first = credential(&bench.request());
    assert_eq!(
        first,
        credential(&bench.request()),
        "miss and hit print the same"
    );
    assert_eq!(bench.plugin.runs(), 1);
    first["status"].clone()
}

#[test]
fn a_timestamp_of_the_plugin_is_printed_unchanged() {
    for stamp in ["2040-01-02T03:04:05Z", "2040-01-02T03:04:05.678+02:00"] {
        let status = status_of(&json!({ "token": "t", "expirationTimestamp": stamp }));
        assert_eq!(
            status,
            json!({ "token": "t", "expirationTimestamp": stamp })
        );
    }
}

#[test]
fn a_credential_that_never_expires_is_kept() {
    for never in ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"] {
        let status = status_of(&json!({ "token": "t", "expirationTimestamp": never }));
        assert_eq!(status["expirationTimestamp"], never);
    }
}

#[test]
fn a_certificate_names_its_expiry() {
    let status = status_of(&json!({ "clientCertificateData": CERTIFICATE, "clientKeyData": KEY }));
    assert_eq!(status["expirationTimestamp"], NOT_AFTER);
    assert_eq!(status["clientCertificateData"], CERTIFICATE);
    assert_eq!(status["clientKeyData"], KEY);
    assert_eq!(status.get("token"), None);
}

#[test]
fn a_jwt_names_its_expiry() {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let token = format!("{}.{}.s", encode("{}"), encode(r#"{"exp":2208988800}"#));
    let status = status_of(&json!({ "token": token }));
    assert_eq!(status["expirationTimestamp"], "2040-01-01T00:00:00Z");
}

#[test]
fn the_earliest_end_counts() {
    let bench = Bench::new();
    let late = "2040-01-01T00:00:00Z";
    answer(
        &bench,
        &json!({
            "clientCertificateData": CERTIFICATE, "clientKeyData": KEY, "token": "t",
            "expirationTimestamp": late,
        }),
    );
    assert_eq!(
        credential(&bench.request())["status"]["expirationTimestamp"],
        late
    );
    let entry = std::fs::read_to_string(bench.entry()).unwrap();
    let metadata: Value = serde_json::from_str(entry.lines().nth(1).unwrap()).unwrap();
    let not_after: jiff::Timestamp = NOT_AFTER.parse().unwrap();
    assert_eq!(metadata["expires_at"], not_after.as_microsecond());
    assert_eq!(metadata["kind"], "both");
}

#[test]
fn an_inferred_expiry_is_given_on_the_miss_and_on_every_hit() {
    let status = status_of(&json!({ "token": "t" }));
    let expiry: jiff::Timestamp = status["expirationTimestamp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = expiry.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3_500..=3_600).contains(&left), "{left}");
}

#[test]
fn a_default_ttl_of_zero_keeps_nothing_and_invents_nothing() {
    let bench = Bench::new();
    for run in 1..=2 {
        let mut command = bench.command();
        command.env("KUBE_CREDENTIAL_CACHE_DEFAULT_TTL", "0");
        let status = credential(&command.output().unwrap())["status"].take();
        assert_eq!(status, json!({ "token": format!("token-{run}") }));
    }
}

#[test]
fn the_answer_may_be_yaml() {
    let bench = Bench::new();
    let yaml =
        format!("# by hand\nkind: ExecCredential\napiVersion: {V1}\nstatus:\n  token: 'y'\n");
    bench.plugin.answers(&yaml).unwrap();
    assert_eq!(bench.token(), "y");
}

#[test]
fn a_past_timestamp_is_kept() {
    let bench = Bench::new();
    let past = "2020-01-01T00:00:00Z";
    answer(
        &bench,
        &json!({ "token": "t", "expirationTimestamp": past }),
    );
    assert_eq!(
        credential(&bench.request())["status"]["expirationTimestamp"],
        past
    );
}

#[test]
fn v1beta1_is_answered_with_v1beta1() {
    let bench = Bench::new();
    let request = |version| {
        let mut command = bench.command();
        command.env("KUBERNETES_EXEC_INFO", exec_info(version, json!({})));
        credential(&command.output().unwrap())
    };
    assert_eq!(request(V1)["apiVersion"], V1);
    assert_eq!(request(V1BETA1)["apiVersion"], V1BETA1);
    assert_eq!(request(V1BETA1)["status"]["token"], "token-2");
    assert_eq!(
        bench.plugin.runs(),
        2,
        "a v1 entry never answers for v1beta1"
    );
}

#[test]
fn what_client_go_refuses_is_refused_in_clear_words() {
    let v1 = |rest: &str| format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}"{rest}}}"#);
    for (answer, expected) in [
        (String::new(), "nothing on stdout"),
        ("\u{1}".to_owned(), "neither JSON nor YAML"),
        ("{".to_owned(), "neither JSON nor YAML"),
        ("token: x".to_owned(), "no apiVersion"),
        (r#"{"kind":"ExecCredential"}"#.to_owned(), "no apiVersion"),
        (
            r#"{"kind":"Pod","apiVersion":"v1"}"#.to_owned(),
            "kind is not ExecCredential",
        ),
        (
            format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1BETA1}"}}"#),
            "client requested",
        ),
        (v1(""), "no status"),
        (v1(r#","status":null"#), "no status"),
        (
            v1(r#","status":{}"#),
            "neither a token nor a client certificate",
        ),
        (
            v1(r#","status":{"token":""}"#),
            "neither a token nor a client certificate",
        ),
        (
            v1(r#","status":{"token":{"a":"MARKER"}}"#),
            "neither JSON nor YAML of the expected form",
        ),
        (
            v1(r#","status":{"token":12345}"#),
            "neither JSON nor YAML of the expected form",
        ),
        (
            v1(r#","status":{"clientCertificateData":"MARKER"}"#),
            "without clientKeyData",
        ),
        (
            v1(r#","status":{"clientKeyData":"MARKER"}"#),
            "without clientCertificateData",
        ),
        (
            v1(r#","status":{"clientCertificateData":"MARKER","clientKeyData":"MARKER"}"#),
            "PEM",
        ),
        (
            v1(r#","status":{"token":"MARKER","expirationTimestamp":"soon"}"#),
            "RFC 3339",
        ),
    ] {
        let bench = Bench::new();
        bench.plugin.answers(&answer).unwrap();
        let output = bench.request();
        assert_eq!(code(&output), 1, "{answer}");
        let message = stderr(&output);
        assert!(message.contains(expected), "{answer}: {message}");
        assert!(
            message.contains("gave no usable ExecCredential"),
            "{message}"
        );
        assert!(!message.contains("MARKER"), "{message}");
        assert!(bench.home.entries().is_empty());
    }
}

#[test]
fn a_garbage_certificate_with_a_good_key_is_an_error() {
    let bench = Bench::new();
    let garbage = CERTIFICATE.replace("MII", "AAA");
    answer(
        &bench,
        &json!({ "clientCertificateData": garbage, "clientKeyData": KEY }),
    );
    let output = bench.request();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("clientCertificateData is not a PEM certificate"));
}
