//! Where the plugin is looked for: kubectl alone, kubectl with the cache in front, and the loader.

use std::fs;
use std::path::Path;

use super::{CacheHome, Desk, Failed, Outcome, Run, Seen, check, json};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![plugins_are_looked_for_as_by_kubectl];

/// `PATH` of the client, that of `exec.env`, and which `login` runs: the one in `a` or in `b`. `@` is
/// the folder of both, and the working directory.
const CASES: &[(&str, Option<&str>, Option<&str>)] = &[
    ("@/a", None, Some("a")),
    ("@/a", Some("@/b"), Some("a")),
    ("/nonexistent", Some("@/b"), None),
    ("/nonexistent:@/b:@/a", Some(""), Some("b")),
    ("a", None, None),
    ("./a", Some("@/b"), None),
    ("a:@/b", None, None),
    ("@/b:a", None, Some("b")),
    (":@/b", None, Some("b")),
    ("a/:@/b", Some("@/b"), None),
    ("", Some("@/a"), None),
];

fn plugins_are_looked_for_as_by_kubectl() -> Outcome {
    let desk = Desk::new(200)?;
    let folder = desk.folder.path();
    for name in ["a", "b"] {
        fs::create_dir(folder.join(name))?;
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": { "token": name },
        });
        let program = folder.join(name).join("login");
        fs::write(&program, format!("#!/bin/sh\necho '{credential}'\n"))?;
        make_executable(&program)?;
    }
    let kcc_cache = CacheHome::new()?.kcc_cache().get_program().to_owned();
    for (path, in_exec_env, expected) in CASES {
        let in_folder = |path: &str| path.replace('@', &folder.display().to_string());
        let path = in_folder(path);
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "login",
            "interactiveMode": "Never", "installHint": "apt install login",
        });
        // As the injector records it.
        let hint = (
            "KUBE_CREDENTIAL_CACHE_INSTALL_HINT",
            "apt install login".to_owned(),
        );
        let in_exec_env = in_exec_env.map(|path| ("PATH", in_folder(path)));
        let variables = std::iter::once(hint).chain(in_exec_env.clone());
        let variables = variables.map(|(name, value)| json!({ "name": name, "value": value }));
        exec["env"] = variables.collect();
        desk.write(&desk.secure(), &json!({ "exec": exec }))?;
        let alone = found_by_kubectl(&desk, &path)?;
        let by_loader = found_by_loader(&desk, &path)?;
        exec["args"] = json!(["login"]);
        exec["command"] = json!(kcc_cache.to_str());
        desk.write(&desk.secure(), &json!({ "exec": exec }))?;
        let in_front = found_by_kubectl(&desk, &path)?;
        for (who, found) in [
            ("kubectl", &alone),
            ("the loader", &by_loader),
            ("kubectl with the cache", &in_front),
        ] {
            let (token, said) = found;
            let case = format!("{who}, {path} {in_exec_env:?}: {token:?} {said}");
            check(token.as_deref() == *expected, &case)?;
            let hint = expected.is_some() || said.contains("apt install login");
            check(hint, case)?;
        }
    }
    Ok(())
}

type Found = (Option<String>, String);

fn bearer(seen: Seen) -> Option<String> {
    let token = seen.authorization?;
    token.strip_prefix("Bearer ").map(str::to_owned)
}

fn found_by_kubectl(desk: &Desk, path: &str) -> Result<Found, Failed> {
    let home = CacheHome::new()?;
    let mut kubectl = desk.cluster.kubectl_with(&desk.kubeconfig());
    kubectl.envs(home.variables()).env("PATH", path);
    kubectl.current_dir(desk.folder.path());
    let output = kubectl.args(["get", "--raw", "/probe"]).output()?;
    let heard = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((desk.listener.take().pop().and_then(bearer), heard))
}

/// In this process, whose working directory is another: a relative element names it from here.
fn found_by_loader(desk: &Desk, path: &str) -> Result<Found, Failed> {
    let here = std::env::current_dir()?;
    let up = "../".repeat(here.components().count());
    let from_here = |element: &str| match element {
        "" => String::new(),
        absolute if absolute.starts_with('/') => absolute.to_owned(),
        relative => format!("{up}{}/{relative}", desk.folder.path().display()),
    };
    let path: Vec<String> = path.split(':').map(from_here).collect();
    let (happened, said) = desk.loader(&[("PATH", &path.join(":"))])?;
    Ok((happened.seen.and_then(bearer), said))
}

fn make_executable(path: &Path) -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}
