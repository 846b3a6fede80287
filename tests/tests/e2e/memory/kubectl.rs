//! The real kubectl on the in-memory server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use harness::cluster::{Binaries, KubeconfigFile, KubeconfigUser, Progress, TokenUser};
use harness::memory::{ApiServer, Served};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::pod;
use crate::trial::{Outcome, Run, check, named};

pub(super) const TRIALS: &[(&str, Run)] = named![
    kubectl_creates_and_gets,
    kubectl_applies_twice,
    kubectl_labels_and_selects,
    kubectl_deletes,
    kubectl_watches,
    kubectl_prints_wide_and_yaml,
    kubectl_knows_who_it_is,
    kubectl_lists_a_thousand_in_pages
];

/// A server, and kubectl with a home of its own.
struct Setup {
    served: Served,
    kubectl: std::path::PathBuf,
    kubeconfig: KubeconfigFile,
    home: TempDir,
}

impl Setup {
    fn new() -> Result<Self, Failed> {
        let api = ApiServer::new();
        api.add_token(&TokenUser::new("secret", "alice", &["testers"]));
        let served = api.serve()?;
        let token = KubeconfigUser::Token("secret".into());
        Ok(Self {
            kubeconfig: served.kubeconfig().with_user("alice", token).write()?,
            kubectl: Binaries::build(Progress::Shown)?.kubectl,
            home: tempfile::tempdir()?,
            served,
        })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.kubeconfig.path())
            .args(args)
            .stdin(Stdio::null());
        command
    }

    /// Standard output of a command that has to succeed without a word on standard error.
    fn run(&self, args: &[&str]) -> Result<String, Failed> {
        said(args, &self.command(args).output()?)
    }

    fn feed(&self, args: &[&str], object: &Value) -> Result<String, Failed> {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(object.to_string().as_bytes())?;
        }
        said(args, &child.wait_with_output()?)
    }
}

fn said(args: &[&str], output: &Output) -> Result<String, Failed> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    check(
        output.status.success() && stderr.is_empty(),
        format!("kubectl {args:?}: {} {stderr}", output.status),
    )?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is(text: &str, expected: &str) -> Outcome {
    check(text == expected, format!("{text:?}, not {expected:?}"))
}

/// The words of each line but the last column, which is an age.
fn table(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().map(|line| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.pop();
        words
    });
    rows.collect()
}

fn kubectl_creates_and_gets() -> Outcome {
    let setup = Setup::new()?;
    let made = setup.run(&["create", "configmap", "settings", "--from-literal=a=b"])?;
    is(&made, "configmap/settings created\n")?;
    is(
        &setup.run(&["create", "namespace", "apps"])?,
        "namespace/apps created\n",
    )?;
    let made = setup.feed(&["create", "-f", "-"], &pod("web-1"))?;
    is(&made, "pod/web-1 created\n")?;
    let made = setup.run(&[
        "-n",
        "apps",
        "create",
        "deployment",
        "web",
        "--image=i",
        "--replicas=2",
    ])?;
    is(&made, "deployment.apps/web created\n")?;

    let shown = setup.run(&["get", "configmaps,pods"])?;
    let expected = [
        vec!["NAME", "DATA"],
        vec!["configmap/settings", "1"],
        vec![],
        vec!["NAME", "READY", "STATUS", "RESTARTS"],
        vec!["pod/web-1", "0/1", "Pending", "0"],
    ];
    check(table(&shown) == expected, shown)?;
    let shown = setup.run(&["get", "deploy", "-A"])?;
    let expected = [
        vec!["NAMESPACE", "NAME", "READY", "UP-TO-DATE", "AVAILABLE"],
        vec!["apps", "web", "0/2", "0", "0"],
    ];
    check(table(&shown) == expected, shown)?;
    let again = setup
        .command(&["create", "configmap", "settings"])
        .output()?;
    let words = String::from_utf8_lossy(&again.stderr);
    check(
        words.contains("configmaps \"settings\" already exists"),
        words.into_owned(),
    )
}

fn kubectl_applies_twice() -> Outcome {
    let setup = Setup::new()?;
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "settings" },
        "data": { "a": "1", "b": "2" },
    });
    let apply = ["apply", "-f", "-"];
    is(
        &setup.feed(&apply, &object)?,
        "configmap/settings created\n",
    )?;
    is(
        &setup.feed(&apply, &object)?,
        "configmap/settings unchanged\n",
    )?;
    object["data"] = json!({ "a": "3" });
    is(
        &setup.feed(&apply, &object)?,
        "configmap/settings configured\n",
    )?;
    let data = setup.run(&["get", "cm", "settings", "-o", "jsonpath={.data}"])?;
    is(&data, r#"{"a":"3"}"#)
}

fn kubectl_labels_and_selects() -> Outcome {
    let setup = Setup::new()?;
    for name in ["a", "b"] {
        setup.served.server().put(pod(name))?;
    }
    is(
        &setup.run(&["label", "pod", "a", "tier=front"])?,
        "pod/a labeled\n",
    )?;
    is(
        &setup.run(&["annotate", "pod", "a", "note=x"])?,
        "pod/a annotated\n",
    )?;
    let names = setup.run(&["get", "pods", "-l", "tier in (front,back)", "-o", "name"])?;
    is(&names, "pod/a\n")?;
    is(
        &setup.run(&["label", "pod", "a", "tier-"])?,
        "pod/a unlabeled\n",
    )?;
    let names = setup.run(&[
        "get",
        "pods",
        "--field-selector",
        "status.phase=Running",
        "-o",
        "name",
    ])?;
    is(&names, "pod/a\npod/b\n")?;
    let patched = setup.run(&[
        "patch",
        "pod",
        "b",
        "--type=json",
        "-p",
        r#"[{"op":"add","path":"/metadata/labels/x","value":"y"}]"#,
    ])?;
    is(&patched, "pod/b patched\n")
}

fn kubectl_deletes() -> Outcome {
    let setup = Setup::new()?;
    for name in ["a", "b", "c"] {
        setup.served.server().put(pod(name))?;
    }
    // It waits until the object is gone.
    let gone = setup.run(&["delete", "pod", "a"])?;
    check(gone.starts_with("pod \"a\" deleted"), gone)?;
    setup.run(&["delete", "pods", "--all"])?;
    check(setup.served.server().count("pods") == 0, "pods are left")?;
    let missing = setup.command(&["delete", "pod", "a"]).output()?;
    let words = String::from_utf8_lossy(&missing.stderr);
    check(words.contains("pods \"a\" not found"), words.into_owned())
}

fn kubectl_watches() -> Outcome {
    let setup = Setup::new()?;
    let server = setup.served.server();
    server.put(pod("a"))?;
    let mut child = setup
        .command(&["get", "pods", "-w", "--no-headers", "--output-watch-events"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = child
        .stdout
        .take()
        .map(BufReader::new)
        .ok_or("no output")?
        .lines();
    let mut next = || -> Result<(String, String), Failed> {
        let line = lines.next().ok_or("kubectl ended")??;
        let mut words = line.split_whitespace().map(str::to_owned);
        Ok((
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        ))
    };
    let seen = || -> Outcome {
        let expect = |got: (String, String), kind: &str, name: &str| {
            check(
                got == (kind.to_owned(), name.to_owned()),
                format!("{got:?}"),
            )
        };
        expect(next()?, "ADDED", "a")?;
        server.put(pod("b"))?;
        expect(next()?, "ADDED", "b")?;
        server.patch(
            "pods",
            "default",
            "a",
            &json!({ "status": { "phase": "Failed" } }),
        )?;
        expect(next()?, "MODIFIED", "a")?;
        server.delete("pods", "default", "b")?;
        expect(next()?, "DELETED", "b")
    }();
    child.kill()?;
    child.wait()?;
    seen
}

fn kubectl_prints_wide_and_yaml() -> Outcome {
    let setup = Setup::new()?;
    let mut object = pod("a");
    object["spec"]["nodeName"] = "n1".into();
    setup.served.server().put(object)?;
    let wide = setup.run(&["get", "pods", "-o", "wide"])?;
    check(wide.contains("NOMINATED NODE") && wide.contains("n1"), wide)?;
    let yaml = setup.run(&["get", "pod", "a", "-o", "yaml"])?;
    check(
        yaml.contains("kind: Pod") && yaml.contains("nodeName: n1"),
        yaml,
    )?;
    let described = setup.run(&["get", "pods", "-o", "custom-columns=N:.metadata.name"])?;
    is(&described, "N\na\n")?;
    let resources = setup.run(&[
        "api-resources",
        "--api-group=gateway.networking.k8s.io",
        "-o",
        "name",
    ])?;
    check(
        resources.contains("httproutes.gateway.networking.k8s.io"),
        resources,
    )
}

fn kubectl_knows_who_it_is() -> Outcome {
    let setup = Setup::new()?;
    let who = setup.run(&["auth", "whoami", "-o", "json"])?;
    let who: Value = serde_json::from_str(&who)?;
    check(
        who["status"]["userInfo"]["username"] == "alice",
        who.to_string(),
    )?;
    let versions: Value = serde_json::from_str(&setup.run(&["version", "-o", "json"])?)?;
    check(
        versions["serverVersion"]["gitVersion"] == versions["clientVersion"]["gitVersion"],
        versions.to_string(),
    )?;
    setup.served.server().revoke_token("secret");
    let refused = setup.command(&["get", "pods"]).output()?;
    let words = String::from_utf8_lossy(&refused.stderr);
    check(
        words.contains("You must be logged in to the server"),
        words.into_owned(),
    )
}

fn kubectl_lists_a_thousand_in_pages() -> Outcome {
    let setup = Setup::new()?;
    let server = setup.served.server();
    server.load((0..1_100).map(|number| pod(&format!("p-{number:04}"))))?;
    server.clear_requests();
    let names = setup.run(&["get", "pods", "-o", "name"])?;
    check(names.lines().count() == 1_100, "some are missing")?;
    let pages = server.requests();
    let pages = pages
        .iter()
        .filter(|one| one.info.resource == "pods")
        .count();
    check(pages == 3, format!("{pages} pages"))
}
