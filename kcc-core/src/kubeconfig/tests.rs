use std::fs;
use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Kubeconfig, KubeconfigError> {
    Kubeconfig::parse(Path::new("/etc/k/config"), text.as_bytes())
}

fn syntax(text: &str) -> (usize, usize, SyntaxProblem) {
    match parse(text) {
        Err(KubeconfigError::Syntax {
            origin,
            column,
            problem,
        }) => (origin.line, column, problem),
        other => panic!("{text:?} gave {other:?}"),
    }
}

const TWO: &str = "\
apiVersion: v1
clusters:
- cluster: {server: 'https://a'}
  name: a
- {name: b, cluster: {server: 'https://b', certificate-authority: ../ca.pem}}
users:
  -
    name: u
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: bin/plugin
        args: [./x]
        env: [{name: A, value: geheim}]
contexts:
- name: one
  context: {cluster: a, user: u}
- name: two
  context: {cluster: b, user: u, namespace: ns}

current-context: two
";

#[test]
fn each_entry_knows_its_file_and_line() {
    let kubeconfig = parse(TWO).unwrap();
    let lines = |entry: &Origin| (entry.path.to_str().unwrap().to_owned(), entry.line);
    let at = |line| ("/etc/k/config".to_owned(), line);
    assert_eq!(lines(&kubeconfig.clusters["a"].origin), at(3));
    assert_eq!(lines(&kubeconfig.clusters["b"].origin), at(5));
    assert_eq!(lines(&kubeconfig.users["u"].origin), at(8));
    assert_eq!(lines(&kubeconfig.contexts["two"].origin), at(18));
    let current = kubeconfig.current_context.unwrap();
    assert_eq!(
        (current.name.as_str(), lines(&current.origin)),
        ("two", at(21))
    );
    assert_eq!(current.origin.to_string(), "/etc/k/config:21");
}

#[test]
fn lines_are_counted_through_crlf_a_byte_order_mark_and_aliases() {
    let text = "\u{feff}# c\r\nx: &c\r\n  name: a\r\nclusters:\r\n- *c\r\n";
    assert_eq!(parse(text).unwrap().clusters["a"].origin.line, 5);
    let json = "{\"clusters\": [\n{\"name\": \"a\"},\n{\"name\": \"b\"}]}";
    assert_eq!(parse(json).unwrap().clusters["b"].origin.line, 3);
}

#[test]
fn relative_paths_belong_to_the_file_and_arguments_to_nobody() {
    let kubeconfig = parse(TWO).unwrap();
    let exec = kubeconfig.users["u"].value.exec.as_ref().unwrap();
    assert_eq!(exec.command, "/etc/k/bin/plugin");
    assert_eq!(exec.args, ["./x"]);
    assert_eq!(exec.interactive_mode, Some(InteractiveMode::IfAvailable));
    let ca = kubeconfig.clusters["b"]
        .value
        .certificate_authority
        .as_deref();
    assert_eq!(ca, Some(Path::new("/etc/ca.pem")));
}

#[test]
fn resolve_follows_context_and_overrides() {
    let text = TWO.replace(", certificate-authority: ../ca.pem", "");
    let kubeconfig = parse(&text).unwrap();
    let resolved = kubeconfig.resolve(&Overrides::default()).unwrap();
    assert_eq!(resolved.context.unwrap().name, "two");
    assert_eq!(
        (resolved.cluster.name.as_str(), resolved.namespace.as_str()),
        ("b", "ns")
    );
    let overrides = Overrides {
        context: Some("one".to_owned()),
        cluster: Some("b".to_owned()),
        namespace: Some("other".to_owned()),
        user: Some(String::new()),
    };
    let resolved = kubeconfig.resolve(&overrides).unwrap();
    assert_eq!(resolved.context.unwrap().name, "one");
    assert_eq!(
        (resolved.cluster.name.as_str(), resolved.namespace.as_str()),
        ("b", "other")
    );
    assert_eq!(resolved.user.unwrap().name, "u");
}

#[test]
fn a_name_that_leads_nowhere_is_explained() {
    let say = |text: &str, overrides: &Overrides| {
        parse(text)
            .unwrap()
            .resolve(overrides)
            .unwrap_err()
            .to_string()
    };
    let none = Overrides::default();
    let gone = Overrides {
        context: Some("gone".to_owned()),
        ..Overrides::default()
    };
    assert_eq!(
        say(TWO, &gone),
        "there is no context \"gone\"; there is one, two"
    );
    assert_eq!(
        say(
            &TWO.replace("current-context: two", "current-context: 'no'"),
            &none
        ),
        "/etc/k/config:21: there is no context \"no\"; there is one, two"
    );
    assert_eq!(
        say(&TWO.replace("cluster: b, user", "cluster: z, user"), &none),
        "/etc/k/config:18: there is no cluster \"z\"; there is a, b"
    );
    assert_eq!(
        say(&TWO.replace("current-context: two", ""), &none),
        "no context is chosen: name one, or kubectl config use-context; there is one, two"
    );
    assert_eq!(
        say("", &none),
        "no context is chosen: name one, or kubectl config use-context; no context is defined"
    );
}

fn user_problem(user: &str) -> String {
    let text = format!(
        "current-context: x\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: s}}}}]\nusers:\n- {{name: u, user: {user}}}\n"
    );
    match parse(&text).unwrap().resolve(&Overrides::default()) {
        Err(KubeconfigError::InvalidUser {
            origin, problem, ..
        }) => {
            assert_eq!(origin.line, 5);
            problem.to_string()
        }
        Ok(_) => "fine".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn users_are_checked_as_client_go_does() {
    let v1 = "apiVersion: client.authentication.k8s.io/v1, command: c";
    for (user, problem) in [
        ("{}".to_owned(), "fine"),
        (
            "{token: t, password: p}".to_owned(),
            "token and username/password",
        ),
        (
            "{client-certificate-data: YQ==}".to_owned(),
            "needs client-key",
        ),
        ("{client-key: /nowhere}".to_owned(), "fine"),
        (
            "{client-certificate-data: YQ==, client-key: /nowhere}".to_owned(),
            "cannot read client-key /nowhere",
        ),
        (
            "{client-certificate-data: YQ==, client-certificate: /x}".to_owned(),
            "client-certificate-data are both",
        ),
        ("{as-groups: [g]}".to_owned(), "need as"),
        ("{exec: {}}".to_owned(), "exec.command is missing"),
        (
            "{exec: {command: c}}".to_owned(),
            "exec.apiVersion is missing",
        ),
        (
            "{exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}}".to_owned(),
            "is not supported",
        ),
        (
            "{exec: {command: c, apiVersion: client.authentication.k8s.io/v1beta1}}".to_owned(),
            "fine",
        ),
        (
            format!("{{exec: {{{v1}}}}}"),
            "exec.interactiveMode is missing",
        ),
        (
            format!("{{exec: {{{v1}, interactiveMode: Sometimes}}}}"),
            "\"Sometimes\" is unknown",
        ),
        (
            format!("{{exec: {{{v1}, interactiveMode: Never}}}}"),
            "fine",
        ),
        (
            format!("{{exec: {{{v1}, interactiveMode: Never, env: [{{value: x}}]}}}}"),
            "has no name",
        ),
        (
            format!("{{exec: {{{v1}, interactiveMode: Never}}, auth-provider: {{name: p}}}}"),
            "exec and auth-provider",
        ),
    ] {
        let said = user_problem(&user);
        assert!(said.contains(problem), "{user}: {said}");
    }
}

#[test]
fn clusters_are_checked_as_client_go_does() {
    for (cluster, problem) in [
        ("{}", "server is missing"),
        (
            "{server: s, proxy-url: 'ftp://u:geheim@p'}",
            "proxy-url must begin",
        ),
        ("{server: s, proxy-url: 'socks5://p'}", "fine"),
        (
            "{server: s, certificate-authority: /x, certificate-authority-data: YQ==}",
            "both there",
        ),
        (
            "{server: s, certificate-authority: /nowhere/ca}",
            "cannot read certificate-authority",
        ),
    ] {
        let kubeconfig = parse(&format!("clusters: [{{name: c, cluster: {cluster}}}]")).unwrap();
        let overrides = Overrides {
            cluster: Some("c".to_owned()),
            ..Overrides::default()
        };
        let said = kubeconfig
            .resolve(&overrides)
            .map_or_else(|e| e.to_string(), |_| "fine".into());
        assert!(
            said.contains(problem) && !said.contains("geheim"),
            "{cluster}: {said}"
        );
    }
}

#[test]
fn problems_have_a_place_and_show_nothing_of_the_file() {
    use SyntaxProblem as P;
    let wrong = |field, expected, found| P::WrongType {
        field,
        expected,
        found,
    };
    for (text, at) in [
        (
            "users:\n- name: a\n  user: {token: 1234}\n",
            (3, 17, wrong("token", "text", "a number")),
        ),
        (
            "clusters: {a: geheim}",
            (1, 11, wrong("clusters", "a list", "a mapping")),
        ),
        (
            "users:\n- geheim",
            (2, 3, wrong("users", "a mapping", "text")),
        ),
        ("geheim", (1, 1, wrong("a kubeconfig", "a mapping", "text"))),
        (
            "users: [{user: {client-key-data: 'geheim!'}}]",
            (
                1,
                34,
                P::Base64 {
                    field: "client-key-data",
                },
            ),
        ),
        ("a: b\nkind: Geheim", (2, 7, P::Kind)),
        ("a: *geheim", (1, 4, P::Alias)),
        ("a: &a [*a]", (1, 8, P::Alias)),
        ("%YAML 1.2\n---\na: b", (2, 1, P::Version)),
        ("<<: geheim", (1, 5, P::Merge)),
        ("? [geheim]\n: b", (1, 3, P::Key)),
        ("a: !!int geheim", (1, 10, P::Tag)),
        ("a: .inf", (1, 4, P::NotFinite)),
    ] {
        let found = syntax(text);
        assert_eq!(found.2, at.2, "{text}");
        assert_eq!((found.0, found.1), (at.0, at.1), "{text}");
        let error = parse(text).unwrap_err();
        assert!(
            !format!("{error} {error:?}")
                .to_lowercase()
                .contains("geheim"),
            "{error:?}"
        );
    }
    assert_eq!(syntax("users: [\n  {token: 'geheim\n").2, P::Yaml);
    let message = parse("users: [{user: {token: 12}}]")
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "/etc/k/config:1:24: invalid kubeconfig: token must be text, not a number: put it in quotes"
    );
}

#[test]
fn two_entries_of_one_name_are_refused_with_both_lines() {
    let error = parse("users:\n- name: a\n  user: {token: geheim}\n- name: a\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "/etc/k/config:4: a second user named \"a\", the first is in line 2: rename or remove one"
    );
}

#[test]
fn aliases_cannot_unfold_without_end() {
    let level =
        |level: usize, below: &str| format!("a{level}: &a{level} [{}]\n", [below; 10].join(", "));
    let text: String = (0..9)
        .map(|n| match n {
            0 => level(0, "x"),
            n => level(n, &format!("*a{}", n - 1)),
        })
        .collect();
    assert_eq!(syntax(&text).2, SyntaxProblem::TooLarge);
    let deep = "[".repeat(100_000);
    assert_eq!(syntax(&deep).2, SyntaxProblem::Yaml);
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let mut text = TWO.to_owned();
    text.push_str("x: y\n");
    let text = text.replace(
        "    user:\n",
        "    user:\n      token: geheim\n      password: geheim\n      client-key-data: Z2VoZWlt\n",
    );
    let text = text.replace("args: [./x]", "args: [--secret=geheim]");
    let text = text.replace("'https://a'", "'https://a', proxy-url: 'http://u:geheim@p'");
    let kubeconfig = parse(&text).unwrap();
    let user = &kubeconfig.users["u"].value;
    assert_eq!(user.client_key_data.as_ref().unwrap().expose(), b"geheim");
    let shown = format!("{kubeconfig:?}");
    assert!(!shown.contains("geheim"), "{shown}");
}

#[test]
fn loading_rules_follow_kubeconfig_and_home() {
    let rules = |list: Option<&str>, home: Option<&str>| LoadingRules {
        explicit: None,
        kubeconfig: list.map(Into::into),
        home: home.map(Into::into),
    };
    let home = Some("/nowhere/home");
    assert_eq!(
        rules(None, home).paths(),
        [Path::new("/nowhere/home/.kube/config")]
    );
    assert_eq!(
        rules(Some(""), home).paths(),
        [Path::new("/nowhere/home/.kube/config")]
    );
    assert_eq!(rules(None, None).paths(), [Path::new(".kube/config")]);
    assert!(rules(Some(":"), home).paths().is_empty());
    assert_eq!(
        rules(Some("/a::/b:/a"), home).paths(),
        [Path::new("/a"), Path::new("/b")]
    );
    assert_eq!(
        rules(Some("/a"), home).with_explicit("/e").paths(),
        [Path::new("/e")]
    );
    assert_eq!(
        rules(Some("/a"), home).with_explicit("").paths(),
        [Path::new("/a")]
    );
}

#[test]
fn missing_files_are_skipped_and_told_unless_explicit() {
    let dir = tempfile::tempdir().unwrap();
    let (here, gone) = (dir.path().join("here"), dir.path().join("gone"));
    fs::write(&here, "current-context: a").unwrap();
    let list = std::env::join_paths([&gone, &here]).unwrap();
    let rules = LoadingRules {
        kubeconfig: Some(list),
        ..LoadingRules::default()
    };
    let kubeconfig = Kubeconfig::load(&rules).unwrap();
    assert_eq!(
        (&kubeconfig.files, &kubeconfig.missing),
        (&vec![here], &vec![gone.clone()])
    );
    assert!(!kubeconfig.is_empty());
    let error = Kubeconfig::load(&rules.with_explicit(&gone)).unwrap_err();
    assert!(matches!(error, KubeconfigError::NotFound { path } if path == gone));
    let folder = LoadingRules::default().with_explicit(dir.path());
    assert!(matches!(
        Kubeconfig::load(&folder),
        Err(KubeconfigError::Read { .. })
    ));
}

#[test]
fn the_old_default_file_is_read_where_the_new_one_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let kube = dir.path().join(".kube");
    fs::create_dir(&kube).unwrap();
    fs::write(kube.join(".kubeconfig"), "current-context: old").unwrap();
    let rules = LoadingRules {
        home: Some(dir.path().to_owned()),
        ..LoadingRules::default()
    };
    let current = || {
        Kubeconfig::load(&rules)
            .unwrap()
            .current_context
            .unwrap()
            .name
    };
    assert_eq!(current(), "old");
    fs::write(kube.join("config"), "current-context: new").unwrap();
    assert_eq!(current(), "new");
}

#[test]
fn an_install_hint_cannot_steer_the_terminal() {
    let hint = "a\n\u{1b}[1mb".to_owned();
    let exec = ExecSpec {
        install_hint: Some(hint),
        ..ExecSpec::default()
    };
    assert_eq!(
        exec.printable_install_hint().as_deref(),
        Some("a\nU+001B[1mb")
    );
}
