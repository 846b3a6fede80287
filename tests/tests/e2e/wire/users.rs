//! Every pair of a user's fields: what is sent, whether the plugin runs, or that nothing is done.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Desk, Failed, Outcome, Run, Seen, check, json};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    each_field_of_a_user_does_what_it_does_for_kubectl,
    each_pair_of_fields_of_a_user_does_what_it_does_for_kubectl,
    three_fields_of_a_user_do_what_they_do_for_kubectl
];

/// A field with one of the values that it may have.
type Field = (&'static str, Value);

fn fields(desk: &Desk) -> Result<Vec<Field>, Failed> {
    desk.plugin.answers_token("of-the-plugin")?;
    let pair = desk
        .cluster
        .issue_certificate("u", &[], Duration::from_secs(3600))?;
    let file = |name: &str, content: &str| {
        let path = desk.folder.path().join(name);
        std::fs::write(&path, content)?;
        Ok::<_, std::io::Error>(json!(path))
    };
    let oidc = json!({
        "name": "oidc",
        "config": { "idp-issuer-url": "https://127.0.0.1:1", "client-id": "x" },
    });
    Ok(vec![
        ("token", json!("of-the-user")),
        ("tokenFile", file("token", "of-a-file\n")?),
        ("tokenFile", file("no-token", "\n")?),
        ("tokenFile", json!("/nonexistent/token")),
        ("username", json!("me")),
        ("password", json!("p")),
        ("client-certificate", file("crt", &pair.certificate)?),
        ("client-certificate", json!("/nonexistent/crt")),
        (
            "client-certificate-data",
            json!(STANDARD.encode(&pair.certificate)),
        ),
        ("client-key", file("key", &pair.key)?),
        ("client-key", json!("/nonexistent/key")),
        ("client-key-data", json!(STANDARD.encode(&pair.key))),
        ("exec", desk.exec()),
        ("auth-provider", oidc),
        ("auth-provider", json!({ "name": "gcp" })),
        ("as", json!("jane")),
        ("as-uid", json!("7")),
    ])
}

fn each_field_of_a_user_does_what_it_does_for_kubectl() -> Outcome {
    let desk = Desk::new(200)?;
    let all = fields(&desk)?;
    let alone = all.iter().map(|field| vec![field]);
    compare(&desk, std::iter::once(vec![]).chain(alone))
}

fn each_pair_of_fields_of_a_user_does_what_it_does_for_kubectl() -> Outcome {
    let desk = Desk::new(200)?;
    let all = fields(&desk)?;
    let pairs = all.iter().enumerate().flat_map(|(at, first)| {
        let others = all[at + 1..].iter().filter(|other| other.0 != first.0);
        others.map(move |other| vec![first, other])
    });
    compare(&desk, pairs)
}

/// A whole certificate counts as one, and so do the two forms of a name.
fn three_fields_of_a_user_do_what_they_do_for_kubectl() -> Outcome {
    let desk = Desk::new(200)?;
    let all = fields(&desk)?;
    let field = |name: &str| {
        let found = all.iter().find(|field| field.0 == name);
        found.ok_or_else(|| format!("no field {name}"))
    };
    let mut cases = vec![];
    for pair in [
        ["client-certificate", "client-key"],
        ["client-certificate-data", "client-key-data"],
        ["client-certificate-data", "client-key"],
        ["username", "password"],
        ["as", "as-uid"],
        ["token", "tokenFile"],
    ] {
        for other in [
            "token",
            "tokenFile",
            "username",
            "exec",
            "auth-provider",
            "as",
        ] {
            if !pair.contains(&other) {
                cases.push(vec![field(pair[0])?, field(pair[1])?, field(other)?]);
            }
        }
    }
    compare(&desk, cases.into_iter())
}

fn compare<'a>(desk: &Desk, cases: impl Iterator<Item = Vec<&'a Field>>) -> Outcome {
    let mut wrong = vec![];
    for case in cases {
        let user: Map<String, Value> = case
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        desk.write(&desk.secure(), &Value::Object(user))?;
        let name: Vec<String> = case.iter().map(|field| shown(field)).collect();
        if let Err(problem) = compare_one(desk, &name.join(" and ")) {
            wrong.push(problem.message().unwrap_or_default().to_owned());
        }
    }
    check(wrong.is_empty(), wrong.join("\n"))
}

fn shown((name, value): &Field) -> String {
    let told = match value.as_str() {
        Some(path) if path.starts_with('/') => format!("={path}"),
        _ => value["name"]
            .as_str()
            .map_or_else(String::new, |name| format!("={name}")),
    };
    format!("{name}{told}")
}

fn compare_one(desk: &Desk, case: &str) -> Outcome {
    let (mut theirs, output) = desk.kubectl(&[])?;
    let (ours, said) = desk.loader(&[])?;
    let heard = [&output.stdout[..], &output.stderr].concat();
    let heard = String::from_utf8_lossy(&heard).into_owned();
    // kubectl, alone among clients, asks who one is; client-go then sends nothing.
    if heard.contains("Please enter Username") {
        let impersonates = ours
            .seen
            .as_ref()
            .and_then(|seen| seen.impersonates.clone());
        theirs.seen = Some(Seen {
            is_tls: true,
            request: "GET /probe HTTP/1.1".to_owned(),
            impersonates,
            ..Seen::default()
        });
    }
    let told = format!("{case}:\nkubectl: {theirs:?} {heard}\nloader:  {ours:?} {said}");
    check(theirs == ours, &told)?;
    // Who is refused learns where.
    let is_told = ours.seen.is_some() || said.contains("user \"u\"");
    check(is_told, told)
}
