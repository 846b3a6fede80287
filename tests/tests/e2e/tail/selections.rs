//! Which Pods the flags select, and how their lines are printed.

use serde_json::{Value, json};

use super::program::Tail;
use super::stage::{Stage, pod, running, service};
use crate::trial::{Outcome, Run, check, named};

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_kind_is_a_union_and_kinds_an_intersection,
    variables_are_flags,
    all_kinds_select,
    names_with_a_namespace_need_rights_there_only,
    flags_that_contradict_are_refused,
    lines_are_printed_as_asked_for,
    long_lines_are_cut,
];

fn a_kind_is_a_union_and_kinds_an_intersection() -> Outcome {
    let stage = Stage::memory("shop")?;
    for (namespace, name, app) in [
        ("shop", "web-1", "web"),
        ("shop", "web-2", "web"),
        ("shop", "db-1", "db"),
        ("test", "web-1", "web"),
        ("kube-system", "dns-1", "web"),
    ] {
        put_running(&stage, namespace, name, app)?;
    }
    put_running(&stage, "shop", "hidden", "web")?;
    let hidden = json!({ "metadata": { "labels": { "kail.ignore": "true" } } });
    stage.server().patch("pods", "shop", "hidden", &hidden)?;
    for (name, app) in [("web", "web"), ("db", "db")] {
        stage.put(&service("shop", name, app))?;
    }
    let all = "shop/db-1 shop/web-1 shop/web-2 test/web-1";
    for (flags, expected) in [
        ("", all),
        ("-n shop", "shop/db-1 shop/web-1 shop/web-2"),
        ("--namespace test -n shop", all),
        ("--current-ns", "shop/db-1 shop/web-1 shop/web-2"),
        ("-n kube-system", "kube-system/dns-1"),
        (
            "--ignore-ns test",
            "kube-system/dns-1 shop/db-1 shop/web-1 shop/web-2",
        ),
        ("--ignore app=web", "shop/db-1"),
        (
            "--ignore app=db -n shop",
            "shop/hidden shop/web-1 shop/web-2",
        ),
        ("-p web-1", "shop/web-1 test/web-1"),
        ("-p shop/web-1", "shop/web-1"),
        ("-p web-1 -p db-1", "shop/db-1 shop/web-1 test/web-1"),
        ("--regex ^web-", "shop/web-1 shop/web-2 test/web-1"),
        ("--regex b-2$ --regex ^db", "shop/db-1 shop/web-2"),
        ("--ignore-regex ^web-1$", "shop/db-1 shop/web-2"),
        ("--regex web --ignore-regex 2 -n shop", "shop/web-1"),
        ("-l app=web", "shop/web-1 shop/web-2 test/web-1"),
        ("-l app=web -l app=db", all),
        ("-l app=web,app=db", ""),
        ("--svc web", "shop/web-1 shop/web-2"),
        ("--svc test/web", ""),
        ("--svc web --svc db", "shop/db-1 shop/web-1 shop/web-2"),
        ("--svc web -p web-1", "shop/web-1"),
        (
            "--svc web --svc db -p web-2 -p db-1",
            "shop/db-1 shop/web-2",
        ),
        ("--svc web -l app=db", ""),
        ("-c app", all),
        ("-c other", ""),
        ("--node node-1", all),
        ("--node node-2", ""),
    ] {
        selects(&stage, flags, expected)?;
    }
    Ok(())
}

/// As kail has them; what the command line says counts more.
fn variables_are_flags() -> Outcome {
    let stage = Stage::memory("shop")?;
    for (namespace, name, app) in [
        ("shop", "web-1", "web"),
        ("shop", "db-1", "db"),
        ("test", "web-1", "web"),
        ("kube-system", "dns-1", "dns"),
    ] {
        put_running(&stage, namespace, name, app)?;
    }
    for name in ["web", "db"] {
        stage.put(&service("shop", name, name))?;
    }
    let all = "shop/db-1 shop/web-1 test/web-1";
    for (variable, value, flags, expected) in [
        ("KAIL_SVC", "web", "", "shop/web-1"),
        ("KAIL_SVC", "web\ndb", "", "shop/db-1 shop/web-1"),
        ("KAIL_SVC", "db", "--svc web", "shop/web-1"),
        ("KAIL_SVC", "web", "-n test", ""),
        ("KAIL_SVC", "", "", all),
        ("KAIL_NS", "test", "", "test/web-1"),
        ("KAIL_NAMESPACE", "test", "", "test/web-1"),
        (
            "KAIL_NAMESPACE",
            "test",
            "-n shop",
            "shop/db-1 shop/web-1 test/web-1",
        ),
        (
            "KAIL_IGNORE_NS",
            "test",
            "-l app!=db",
            "kube-system/dns-1 shop/web-1",
        ),
        ("KAIL_CURRENT_NS", "true", "", "shop/db-1 shop/web-1"),
        ("KAIL_CURRENT_NS", "false", "", all),
        ("KAIL_REGEX", "^d", "", "shop/db-1"),
        ("KAIL_MAX_STREAMS", "7", "", all),
    ] {
        let variables = [(variable, value)];
        selects_with(&stage, &variables, flags, expected)?;
    }
    let mut command = stage.command(&["--dry-run"])?;
    command.env("KAIL_MAX_STREAMS", "none");
    let (_, said) = Tail::run(command)?.ends(2)?;
    check(
        said.join("\n").contains("--max-streams"),
        format!("{said:?}"),
    )
}

fn all_kinds_select() -> Outcome {
    let stage = Stage::memory("shop")?;
    let kinds = [
        ("--rc", "v1", "ReplicationController"),
        ("--rs", "apps/v1", "ReplicaSet"),
        ("--ds", "apps/v1", "DaemonSet"),
        ("-d", "apps/v1", "Deployment"),
        ("--sts", "apps/v1", "StatefulSet"),
        ("-j", "batch/v1", "Job"),
    ];
    for (index, (_, version, kind)) in kinds.iter().enumerate() {
        let app = format!("app-{index}");
        put_running(&stage, "shop", &format!("pod-{index}"), &app)?;
        let selector = match *kind {
            "ReplicationController" => json!({ "app": app }),
            _ => json!({ "matchLabels": { "app": app } }),
        };
        stage.put(&json!({
            "apiVersion": version, "kind": kind,
            "metadata": { "namespace": "shop", "name": "one" },
            "spec": { "selector": selector, "template": {} },
        }))?;
    }
    stage.put(&service("shop", "back", "app-3"))?;
    stage.put(&json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "namespace": "shop", "name": "front" },
        "spec": { "defaultBackend": { "service": { "name": "back", "port": { "number": 80 } } } },
    }))?;
    for (index, (flag, ..)) in kinds.iter().enumerate() {
        selects(&stage, &format!("{flag} one"), &format!("shop/pod-{index}"))?;
        selects(&stage, &format!("{flag} two"), "")?;
    }
    selects(&stage, "--ing front", "shop/pod-3")?;
    selects(&stage, "--ing front --svc back -d one", "shop/pod-3")?;
    selects(&stage, "--ing front --rs one", "")
}

fn names_with_a_namespace_need_rights_there_only() -> Outcome {
    let stage = Stage::memory("shop")?;
    for namespace in ["shop", "test"] {
        put_running(&stage, namespace, "web-1", "web")?;
        stage.put(&service(namespace, "web", "web"))?;
    }
    selects(
        &stage,
        "--svc shop/web --svc test/web",
        "shop/web-1 test/web-1",
    )?;
    let requests = stage.server().requests();
    let lists = requests
        .iter()
        .filter(|request| !request.info.resource.is_empty());
    for request in lists {
        check(!request.info.namespace.is_empty(), format!("{request:?}"))?;
    }
    Ok(())
}

fn flags_that_contradict_are_refused() -> Outcome {
    let stage = Stage::memory("shop")?;
    for (flags, code, expected) in [
        ("-n shop --svc test/web", 1, "no Pod can be selected"),
        ("--svc a/b/c", 2, "NAMESPACE/NAME"),
        ("-l app==,", 2, "invalid value"),
        ("--regex web(", 2, "unclosed group"),
        ("--since never", 2, "a duration is as 5s"),
        (
            "-o yaml",
            2,
            "possible values: default, raw, json, json-pretty, zerolog",
        ),
    ] {
        let (_, said) = stage.tail_anywhere(&words(flags))?.ends(code)?;
        let said = said.join("\n");
        check(said.contains(expected), format!("{flags}: {said}"))?;
    }
    Ok(())
}

fn lines_are_printed_as_asked_for() -> Outcome {
    const JSON: &str = r#"{"level":"info","message":"hello there","n":1}"#;
    let object =
        format!(r#"{{"container":"app","message":{JSON},"name":"web-1","namespace":"shop"}}"#);
    let text = r#"{"container":"app","message":"plain","name":"web-1","namespace":"shop"}"#;
    let pretty: Vec<String> = [&object, text]
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .iter()
        .flat_map(|value| {
            let lines = format!("{value:#}");
            lines.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let pretty: Vec<&str> = pretty.iter().map(String::as_str).collect();
    let default = format!("shop/web-1[app]: {JSON}");
    for (format, expected) in [
        ("default", &[&*default, "shop/web-1[app]: plain"][..]),
        ("raw", &[JSON, "plain"]),
        ("json", &[&object, text]),
        ("json-pretty", &pretty),
        (
            "zerolog",
            &[
                "shop/web-1[app]: INF hello there n=1",
                "shop/web-1[app]: plain",
            ],
        ),
    ] {
        let stage = Stage::memory("shop")?;
        stage.pod("web-1", "web")?;
        let tail = stage.tail(&["-o", format])?;
        tail.says("+ shop/web-1 [app]")?;
        stage.log("web-1").write(JSON);
        stage.log("web-1").write("plain");
        tail.prints(expected)?;
        tail.end()?;
    }
    Ok(())
}

fn long_lines_are_cut() -> Outcome {
    let stage = Stage::memory("shop")?;
    let (tail, log) = stage.tail_of_one(&["-o", "raw"], "short", "short")?;
    log.write(&"x".repeat(1_000_000));
    log.write("short");
    let line = tail.line()?;
    let kept = line.bytes().take_while(|byte| *byte == b'x').count();
    let end = format!(" [{} bytes more]", 1_000_000 - kept);
    check(
        (32_000..=32 * 1024).contains(&kept) && line.ends_with(&end),
        format!("{kept}: {}", &line[kept..]),
    )?;
    tail.prints(&["short"])?;
    tail.end()
}

fn put_running(stage: &Stage, namespace: &str, name: &str, app: &str) -> Outcome {
    let mut object = pod(namespace, name, app);
    object["status"] = json!({ "phase": "Running", "containerStatuses": [running(0)] });
    stage.put(&object)
}

fn words(flags: &str) -> Vec<&str> {
    flags.split_whitespace().collect()
}

/// Whether `--dry-run` shows these Pods.
fn selects(stage: &Stage, flags: &str, expected: &str) -> Outcome {
    selects_with(stage, &[], flags, expected)
}

fn selects_with(stage: &Stage, variables: &[(&str, &str)], flags: &str, expected: &str) -> Outcome {
    let mut command = stage.command(&[&words(flags)[..], &["--dry-run"]].concat())?;
    command.envs(variables.iter().copied());
    let (lines, said) = Tail::run(command)?.ends(0)?;
    let pods = lines.iter().skip(1).map(|line| {
        let cells = words(line);
        assert_eq!(cells[2..], ["app", "node-1"]);
        format!("{}/{}", cells[0], cells[1])
    });
    let pods = pods.collect::<Vec<_>>().join(" ");
    check(
        pods == expected && said.is_empty(),
        format!("{variables:?} {flags:?} select {pods:?}, not {expected:?}: {said:?}"),
    )
}
