use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::LazyLock;

use tempfile::TempDir;

use super::*;

const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

/// What the plugin gets. Its `PATH` is not the one in which programs are looked for.
static OTHER: LazyLock<Environment> =
    LazyLock::new(|| [("PATH", "/nonexistent")].into_iter().collect());

/// A home with a kuberc, and two folders of programs in `PATH`.
struct Home(TempDir);

impl Home {
    fn new(kuberc: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in [".kube", "bin", "sbin", "opt"] {
            fs::create_dir(home.path(folder)).unwrap();
        }
        fs::write(home.path(".kube/kuberc"), kuberc).unwrap();
        home
    }

    fn with_policy(fields: &str) -> Self {
        Self::new(&format!("{HEAD}{fields}\n"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let path = format!(
            "{}:{}",
            self.path("bin").display(),
            self.path("sbin").display()
        );
        let mut environment: Environment = more.iter().copied().collect();
        environment.set("PATH", path);
        environment.set("HOME", self.0.path());
        environment
    }

    fn load(&self) -> Result<PluginPolicy, PolicyError> {
        let warn = &mut |notice: Notice| panic!("{notice}");
        PluginPolicy::load(&self.environment(&[]), warn)
    }

    fn policy(&self) -> PluginPolicy {
        self.load().unwrap()
    }
}

fn misconfigured(fields: &str) -> String {
    let error = Home::with_policy(fields).load().unwrap_err();
    assert!(
        matches!(error, PolicyError::Misconfigured { .. }),
        "{error}"
    );
    assert_eq!(error.exit_code(), 2);
    error.to_string()
}

fn refusal(policy: &PluginPolicy, command: impl AsRef<OsStr>) -> String {
    let error = policy.check(command).unwrap_err();
    assert_eq!(error.exit_code(), 126);
    error.to_string()
}

#[test]
fn without_a_policy_every_command_runs() {
    for kuberc in [
        "",
        HEAD,
        "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n",
        &format!("{HEAD}credentialPluginPolicy: ''\n"),
        &format!("{HEAD}credentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: null\n"),
    ] {
        let policy = Home::new(kuberc).policy();
        assert_eq!(policy.check("anything").unwrap(), None, "{kuberc}");
        assert_eq!(policy.check_inner(OsStr::new("kcc-cache")).unwrap(), None);
    }
    let home = Home::new("");
    fs::remove_file(home.path(".kube/kuberc")).unwrap();
    assert_eq!(home.policy().check("anything").unwrap(), None);
}

#[test]
fn deny_all_runs_nothing() {
    let home = Home::with_policy("credentialPluginPolicy: DenyAll");
    let text = refusal(&home.policy(), "aws");
    let expected = r#"plugin "aws" not allowed: policy set to "DenyAll" in "#;
    assert!(
        text.starts_with(expected) && text.ends_with("kuberc"),
        "{text}"
    );
}

#[test]
fn allow_all_with_a_list_is_an_error() {
    for policy in ["", "credentialPluginPolicy: AllowAll"] {
        for list in ["[{command: aws}]", "[]"] {
            let text = misconfigured(&format!("credentialPluginAllowlist: {list}\n{policy}"));
            assert!(text.contains("but allowlist is non-nil"), "{text}");
        }
    }
}

#[test]
fn deny_all_with_a_list_is_an_error() {
    let text = misconfigured("credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: []");
    let expected =
        r#"misconfigured credential plugin allowlist: plugin policy is "DenyAll" but allowlist is"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_allowlist_policy_without_a_list_is_an_error() {
    let text = misconfigured("credentialPluginPolicy: Allowlist");
    assert!(text.contains("but allowlist is unspecified"), "{text}");
}

#[test]
fn an_empty_list_is_an_error() {
    let text = misconfigured("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []");
    let expected = r#"but allowlist is empty; use "DenyAll" policy instead"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_empty_entry_is_an_error() {
    for entry in ["{}", "null", "{command: ''}", "{name: ''}", "{comand: aws}"] {
        let text = misconfigured(&format!(
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{command: a}}, {entry}]"
        ));
        assert!(text.contains("empty allowlist entry #2"), "{entry}: {text}");
    }
}

#[test]
fn a_path_that_is_not_normalised_is_an_error() {
    let text = misconfigured(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /usr/../aws}]",
    );
    let expected = r#"non-normalized file path: "/usr/../aws" vs "/aws""#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_unknown_policy_is_an_error() {
    let text = misconfigured("credentialPluginPolicy: denyAll");
    assert!(
        text.contains(r#"unknown plugin policy: "denyAll""#),
        "{text}"
    );
}

#[test]
fn a_command_equal_to_an_entry_runs() {
    let list = "[{command: aws}, {name: /opt/kubelogin}, {name: gke, command: gke}]";
    let home = Home::with_policy(&format!(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: {list}"
    ));
    let policy = home.policy();
    for command in ["aws", "/opt/kubelogin", "gke", "/opt/./x/../kubelogin"] {
        assert_eq!(policy.check(command).unwrap(), None, "{command}");
    }
    let run = policy
        .locate(OsStr::new("/opt/./x/../kubelogin"), &OTHER)
        .unwrap();
    assert_eq!(run.as_os_str(), "/opt/kubelogin");
}

#[test]
fn a_command_whose_path_is_what_the_entry_resolves_to_runs() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: foo}]",
    );
    let foo = home.program("sbin/foo");
    assert_eq!(home.policy().check(&foo).unwrap(), Some(foo));
}

#[test]
fn a_bare_command_runs_under_its_path_as_an_entry() {
    let home = Home::new("");
    let foo = home.program("bin/foo");
    let list = format!("[{{command: {}}}]", foo.display());
    let kuberc =
        format!("{HEAD}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: {list}\n");
    fs::write(home.path(".kube/kuberc"), kuberc).unwrap();
    assert_eq!(home.policy().check("foo").unwrap(), Some(foo));
}

#[test]
fn another_foo_than_the_one_in_path_does_not_run_under_the_entry_foo() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: foo}]",
    );
    home.program("bin/foo");
    let others = [home.program("opt/foo"), home.program("sbin/foo")];
    for other in others {
        let text = refusal(&home.policy(), &other);
        assert!(
            text.contains("is not permitted by the credential plugin allowlist"),
            "{text}"
        );
    }
}

#[test]
fn a_command_that_is_not_listed_does_not_run() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: foo}]",
    );
    home.program("bin/bar");
    let text = refusal(&home.policy(), "bar");
    assert!(
        text.contains("bin/bar") && text.contains("is not permitted by"),
        "{text}"
    );
    let text = refusal(&home.policy(), "missing");
    assert!(
        text.contains("cannot be resolved for credential plugin allowlist check"),
        "{text}"
    );
}

#[test]
fn what_is_found_by_way_of_the_working_directory_does_not_run() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: foo}]",
    );
    home.program("bin/foo");
    let up = "../".repeat(std::env::current_dir().unwrap().components().count());
    let mut client = home.environment(&[]);
    client.set("PATH", format!("{up}{}", home.path("bin").display()));
    let policy = PluginPolicy::load(&client, &mut |notice| panic!("{notice}")).unwrap();
    let error = policy
        .locate(OsStr::new("foo"), &OTHER)
        .unwrap_err()
        .to_string();
    let expected = "cannot run executable found relative to current directory";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn the_file_that_was_permitted_is_the_one_in_the_clients_path() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: foo}]",
    );
    let foo = home.program("bin/foo");
    let policy = home.policy();
    assert_eq!(policy.check("foo").unwrap(), None);
    assert_eq!(policy.locate(OsStr::new("foo"), &OTHER).unwrap(), foo);
}

#[test]
fn without_a_list_programs_are_looked_for_in_the_clients_path_too() {
    let home = Home::new("");
    let foo = home.program("bin/foo");
    assert_eq!(
        home.policy().locate(OsStr::new("foo"), &OTHER).unwrap(),
        foo
    );
    // Where nobody says who the client is, there is only the plugin's.
    let unknown = PluginPolicy::default();
    let found = unknown.locate(OsStr::new("foo"), &home.environment(&[]));
    assert_eq!(found.unwrap(), foo);
    assert!(unknown.locate(OsStr::new("foo"), &OTHER).is_err());
}

#[test]
fn the_cache_behind_the_cache_is_refused_under_a_list() {
    let home = Home::with_policy(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: kcc-cache}, {command: kc}]",
    );
    let cache = home.program("opt/kcc-cache");
    symlink(&cache, home.path("bin/kc")).unwrap();
    let policy = home.policy();
    assert_eq!(policy.check("kcc-cache").unwrap(), None);
    for refused in [
        policy.check_inner(OsStr::new("kcc-cache")).unwrap_err(),
        policy.locate(OsStr::new("kc"), &OTHER).unwrap_err(),
    ] {
        assert!(matches!(refused, PolicyError::Nested { .. }), "{refused}");
    }
}

#[test]
fn kuberc_can_be_switched_off() {
    let home = Home::with_policy("credentialPluginPolicy: DenyAll");
    for (name, value, is_off) in [
        ("KUBERC", "off", true),
        ("KUBECTL_KUBERC", "false", true),
        ("KUBECTL_KUBERC", "False", true),
        ("KUBECTL_KUBERC", "0", false),
        ("KUBECTL_KUBERC", "true", false),
        ("KUBERC", "", false),
    ] {
        let client = home.environment(&[(name, value)]);
        let policy = PluginPolicy::load(&client, &mut |notice| panic!("{notice}")).unwrap();
        assert_eq!(policy.check("aws").is_ok(), is_off, "{name}={value}");
    }
}

#[test]
fn kuberc_names_another_file() {
    let home = Home::with_policy("credentialPluginPolicy: DenyAll");
    let other = home.path("other");
    fs::write(&other, HEAD).unwrap();
    let client = home.environment(&[("KUBERC", other.to_str().unwrap())]);
    let policy = PluginPolicy::load(&client, &mut |notice| panic!("{notice}")).unwrap();
    assert!(policy.check("aws").is_ok());
}

const BROKEN: [(&str, &str); 8] = [
    ("---\n", "no valid preferences found"),
    ("kind: [", "line 1, column"),
    ("kind: Preference\n", r#"it is "Preference" of "";"#),
    (
        "apiVersion: kubectl.config.k8s.io/v9\nkind: Preference\n",
        "expected Preference",
    ),
    (
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Config\n",
        r#"it is "Config""#,
    ),
    (
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: yes\n",
        "expected a string",
    ),
    (
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginAllowlist: [{name: a, command: b}]\n",
        "both `Name` and `Command` were supplied with different values",
    ),
    ("--- here\n", "invalid Yaml document separator"),
];

#[test]
fn a_broken_default_kuberc_is_a_warning_and_no_policy() {
    for (kuberc, problem) in BROKEN {
        let home = Home::new(kuberc);
        let mut warnings = vec![];
        let warn = &mut |notice: Notice| {
            assert!(notice.is_warning());
            warnings.push(notice.to_string());
        };
        let policy = PluginPolicy::load(&home.environment(&[]), warn).unwrap();
        assert!(policy.check("aws").is_ok());
        assert_eq!(warnings.len(), 1, "{kuberc}");
        let warning = &warnings[0];
        assert!(
            warning.starts_with("kuberc: no preferences loaded from ") && warning.contains(problem),
            "{warning}"
        );
    }
}

#[test]
fn a_broken_kuberc_that_kuberc_names_is_an_error() {
    for (text, problem) in BROKEN {
        let home = Home::new("");
        let named = home.path("named");
        fs::write(&named, text).unwrap();
        let client = home.environment(&[("KUBERC", named.to_str().unwrap())]);
        let loaded = PluginPolicy::load(&client, &mut |notice| panic!("{notice}"));
        let error = loaded.unwrap_err();
        assert!(matches!(error, PolicyError::Unreadable { .. }), "{error}");
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(
            error.contains("named") && error.contains(problem),
            "{error}"
        );
    }
    let client = Home::new("").environment(&[("KUBERC", "/nonexistent/kuberc")]);
    let loaded = PluginPolicy::load(&client, &mut |notice| panic!("{notice}"));
    assert!(matches!(
        loaded.unwrap_err(),
        PolicyError::Unreadable { .. }
    ));
}

#[test]
fn the_first_usable_document_counts() {
    let home = Home::new(&format!(
        "# mine\n---\nkind: Other\n---\n{HEAD}credentialPluginPolicy: DenyAll\n--- # old\n{HEAD}"
    ));
    assert!(home.policy().check("aws").is_err());
}

#[test]
fn other_fields_are_kubectls_matter() {
    let fields = "defaults: [{command: get, options: [{name: output, default: wide}]}]\nfuture: 1\ncredentialPluginPolicy: DenyAll";
    assert!(Home::with_policy(fields).policy().check("aws").is_err());
}

#[test]
fn json_is_read_too() {
    let home = Home::new(
        r#"{"apiVersion":"kubectl.config.k8s.io/v1beta1","kind":"Preference","credentialPluginPolicy":"DenyAll"}"#,
    );
    assert!(home.policy().check("aws").is_err());
}
