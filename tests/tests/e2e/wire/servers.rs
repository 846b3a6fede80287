//! Spellings of `server`.

use super::{Desk, Failed, Outcome, Run, check, json};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    servers_are_read_as_by_kubectl,
    nothing_of_the_user_goes_over_plain_http,
    a_refusal_over_plain_http_says_why_nothing_was_sent,
    nothing_of_the_user_goes_to_a_proxy,
    a_pods_variables_are_read_strictly
];

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Tls,
    Plain,
    /// Not at all.
    Nowhere,
}

/// `@` is the server's address, `#` its port. The paths are those of the request.
const SERVERS: &[(&str, Wire, &str)] = &[
    ("https://@", Wire::Tls, "/probe"),
    ("HTTPS://@", Wire::Tls, "/probe"),
    ("https://@/", Wire::Tls, "/probe"),
    ("https://@/a/b/", Wire::Tls, "/a/b/probe"),
    ("https://@/a//b/../c", Wire::Tls, "/a/c/probe"),
    ("https://@/a?x=y#z", Wire::Tls, "/a/probe"),
    ("https://@?x=y", Wire::Tls, "/probe"),
    ("https://@/a b", Wire::Tls, "/a%20b/probe"),
    ("https://@/a%20b", Wire::Tls, "/a%20b/probe"),
    ("https://localhost:#", Wire::Tls, "/probe"),
    ("http://@", Wire::Plain, "/probe"),
    ("HTTP://@", Wire::Plain, "/probe"),
    ("Http://@/a", Wire::Plain, "/a/probe"),
    // Whatever the cluster says of TLS.
    ("@", Wire::Plain, "/probe"),
    ("@/", Wire::Plain, "/probe"),
    ("@?x", Wire::Plain, "/probe"),
    ("localhost:#", Wire::Plain, "/probe"),
    ("@/a", Wire::Nowhere, ""),
    ("//@", Wire::Nowhere, ""),
    ("https:@", Wire::Nowhere, ""),
    ("https:///@", Wire::Nowhere, ""),
    ("https:// @", Wire::Nowhere, ""),
    ("https://@ /a", Wire::Nowhere, ""),
    ("https://127.0.0.1:abc", Wire::Nowhere, ""),
    ("https://127.0.0.1:99999", Wire::Nowhere, ""),
    ("https://127.0.0.1:-1", Wire::Nowhere, ""),
    ("https://127.0.0.1:+#", Wire::Nowhere, ""),
    ("https://127.0.0.1:#:#", Wire::Nowhere, ""),
    ("https://[127.0.0.1]:#", Wire::Nowhere, ""),
    ("https://127.0.0.1%20:#", Wire::Nowhere, ""),
    ("https://@/%zz", Wire::Nowhere, ""),
    ("ftp://@", Wire::Nowhere, ""),
    ("https", Wire::Nowhere, ""),
];

fn servers_are_read_as_by_kubectl() -> Outcome {
    let desk = Desk::new(200)?;
    let port = desk.listener.address.port().to_string();
    for (spelling, wire, path) in SERVERS {
        let server = spelling.replace('@', &desk.url("")).replace('#', &port);
        // A fragment, not the port.
        let server = server.replace(&format!("x=y{port}z"), "x=y#z");
        let mut cluster = desk.secure();
        cluster["server"] = json!(server);
        desk.write(&cluster, &json!({ "token": "t" }))?;
        let (happened, heard, said) = desk.both(spelling, &[])?;
        let found = match &happened.seen {
            None => Wire::Nowhere,
            Some(seen) if seen.is_tls => Wire::Tls,
            Some(_) => Wire::Plain,
        };
        let told = format!("{spelling}: {happened:?}\nkubectl: {heard}\nloader: {said}");
        check(found == *wire, &told)?;
        if let Some(seen) = happened.seen {
            check(seen.request == format!("GET {path} HTTP/1.1"), &told)?;
            let token = (*wire == Wire::Tls).then(|| "Bearer t".to_owned());
            check(seen.authorization == token, told)?;
        } else {
            check(said.contains("cluster \"c\""), &told)?;
        }
    }
    Ok(())
}

/// Users that have something to send, and a plugin that would run.
fn users(desk: &Desk) -> Result<Vec<serde_json::Value>, Failed> {
    let pki = desk.cluster.data_dir().join("pki");
    let token_file = desk.folder.path().join("token");
    std::fs::write(&token_file, "of-a-file")?;
    let certificate = json!({
        "client-certificate": pki.join("server.crt"), "client-key": pki.join("server.key"),
    });
    Ok(vec![
        json!({ "token": "t" }),
        json!({ "tokenFile": token_file }),
        json!({ "username": "me", "password": "p" }),
        json!({ "exec": desk.exec() }),
        json!({ "auth-provider": { "name": "gcp" } }),
        certificate,
    ])
}

fn nothing_of_the_user_goes_over_plain_http() -> Outcome {
    let desk = Desk::new(200)?;
    for server in [desk.url("http://"), desk.url("HTTP://"), desk.url("")] {
        for mut user in users(&desk)? {
            user["as"] = json!("jane");
            desk.write(&json!({ "server": server }), &user)?;
            let case = format!("{server} {user}");
            let (happened, ..) = desk.both(&case, &[])?;
            let seen = happened.seen.ok_or_else(|| format!("{case}: no request"))?;
            let is_nothing = seen.authorization.is_none() && happened.runs == 0 && !seen.is_tls;
            check(is_nothing, format!("{case}: {seen:?}"))?;
            // Whom to impersonate is no secret.
            check(seen.impersonates.as_deref() == Some("jane"), case)?;
        }
    }
    // What stands in the URL is the cluster's, and Go sends it.
    let server = format!("http://me:pass@{}", desk.listener.address);
    desk.write(&json!({ "server": server }), &json!({ "token": "t" }))?;
    let (happened, ..) = desk.both(&server, &[])?;
    let sent = happened.seen.and_then(|seen| seen.authorization);
    check(
        sent.as_deref() == Some("Basic bWU6cGFzcw=="),
        format!("{sent:?}"),
    )
}

fn a_refusal_over_plain_http_says_why_nothing_was_sent() -> Outcome {
    for status in [401, 403] {
        let desk = Desk::new(status)?;
        let server = desk.url("http://");
        desk.write(
            &json!({ "server": server }),
            &json!({ "exec": desk.exec() }),
        )?;
        let (_, said) = desk.loader(&[])?;
        for part in [
            "who are you",
            "user \"u\": nothing of this user was sent and no plugin was run",
            &format!("{server} is plain http"),
            "cluster \"c\"",
        ] {
            check(
                said.contains(part),
                format!("{status}: no {part:?} in {said}"),
            )?;
        }
        // Nobody has anything to send.
        desk.write(&json!({ "server": server }), &json!({ "as": "jane" }))?;
        let (_, said) = desk.loader(&[])?;
        check(!said.contains("plain http"), said)?;
    }
    Ok(())
}

/// The proxy is the server here: what it hears is what goes out.
fn nothing_of_the_user_goes_to_a_proxy() -> Outcome {
    let desk = Desk::new(200)?;
    let proxy = desk.url("http://me:pass@");
    for user in users(&desk)? {
        let cluster = json!({ "server": "http://api.example:8080", "proxy-url": proxy });
        desk.write(&cluster, &user)?;
        let (happened, heard, said) = desk.both(&format!("{user}"), &[])?;
        let told = format!("{happened:?} {heard} {said}");
        let seen = happened.seen.ok_or_else(|| format!("no request: {told}"))?;
        check(
            seen.request == "GET http://api.example:8080/probe HTTP/1.1",
            &told,
        )?;
        check(seen.authorization.is_none() && happened.runs == 0, told)?;
    }
    Ok(())
}

fn a_pods_variables_are_read_strictly() -> Outcome {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("token"), "t")?;
    for (host, port) in [
        ("10.0.0.1", "abc"),
        ("10.0.0.1", "99999"),
        ("10.0.0.1", "-1"),
        ("10.0.0.1 ", "443"),
        ("[::1]", "443"),
        ("https://10.0.0.1", "443"),
    ] {
        let home = harness::CacheHome::new()?;
        let mut environment: kcc_core::Environment = home.variables().into_iter().collect();
        environment.set("KUBERNETES_SERVICE_HOST", host);
        environment.set("KUBERNETES_SERVICE_PORT", port);
        let loader = kcc_core::client::ClientConfig::loader();
        let loader = loader.with_environment(environment);
        let loaded = loader.with_service_account(folder.path()).load();
        let said = loaded
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        check(
            said.contains("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"),
            format!("{host} {port}: {said}"),
        )?;
    }
    Ok(())
}
