//! `Debug` of each public type, made with secrets in every place that can hold one: none is shown.
//!
//! The types are looked up in the sources, so that a new one is not forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kcc_core::kubeconfig::{
    ClusterProblem, Impersonation, InteractiveMode, Kubeconfig, KubeconfigError, LoadingRules,
    Named, NamedKind, Overrides, SyntaxProblem, UserProblem,
};
use kcc_core::{
    ApiVersion, CredentialCache, CredentialKind, End, Environment, Error, ExecCredential, ExecInfo,
    Failure, FailureClass, LookUpError, MissReason, Notice, OutputProblem, PluginPolicy,
    PolicyError, Request, RequestProblem, SearchPath, Secret, Settings, Source, StartProblem,
    SystemClock, Warnings,
};

const MARKER: &str = "MARKER";

const KUBECONFIG: &str = r"
current-context: c
contexts: [{name: c, context: {cluster: k, user: u, namespace: ns}}]
clusters:
- name: k
  cluster:
    server: https://me:MARKER-1@127.0.0.1:1
    insecure-skip-tls-verify: true
    proxy-url: http://me:MARKER-2@proxy:1
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {secret: MARKER-3}
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: PLUGIN
      args: [--password=MARKER-4, MARKER-5]
      env: [{name: AWS_SECRET_ACCESS_KEY, value: MARKER-6}, {name: OTHER, value: MARKER-7}]
      interactiveMode: Never
      provideClusterInfo: true
- name: fixed
  user: {token: MARKER-8, client-certificate: c.pem, client-key-data: TUFSS0VSLTk=}
- name: basic
  user: {username: me, password: MARKER-10}
- name: old
  user: {auth-provider: {name: oidc, config: {id-token: MARKER-11}}}
";

const ANSWER: &str = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"MARKER-12"}}"#;

/// What is shown, by the name of the type.
#[derive(Default)]
struct Shown(BTreeMap<&'static str, String>);

impl Shown {
    fn add(&mut self, name: &'static str, value: &dyn Debug) {
        let both = format!("{value:?}\n{value:#?}\n");
        self.0.entry(name).or_default().push_str(&both);
    }
}

/// A home with a kubeconfig and a plugin that answers.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("plugin");
        fs::write(&plugin, format!("#!/bin/sh\necho '{ANSWER}'\n")).unwrap();
        fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
        let text = KUBECONFIG.replace("PLUGIN", &plugin.display().to_string());
        fs::write(folder.path().join("config"), text).unwrap();
        Self { folder }
    }

    fn kubeconfig(&self) -> Kubeconfig {
        let rules = LoadingRules::default().with_explicit(self.folder.path().join("config"));
        Kubeconfig::load(&rules).unwrap()
    }

    fn environment(&self) -> Environment {
        let home = self.folder.path().as_os_str().to_owned();
        let pairs = [
            ("HOME", home),
            ("PATH", "/usr/bin:/bin".into()),
            ("AWS_SESSION_TOKEN", "MARKER-13".into()),
        ];
        pairs.into_iter().collect()
    }

    fn request(&self) -> Request {
        let kubeconfig = self.kubeconfig();
        let spec = kubeconfig.users["u"].value.exec.clone().unwrap();
        let cluster = &kubeconfig.clusters["k"].value;
        let policy = PluginPolicy::default();
        Request::of_user(&spec, cluster, &self.environment(), policy, false).unwrap()
    }
}

fn show_kubeconfig(shown: &mut Shown, bench: &Bench) {
    let kubeconfig = bench.kubeconfig();
    let resolved = kubeconfig.resolve(&Overrides::default()).unwrap();
    shown.add("Resolved", &resolved);
    shown.add("Kubeconfig", &kubeconfig);
    let cluster: &Named<_> = &kubeconfig.clusters["k"];
    shown.add("Named", cluster);
    shown.add("Cluster", &cluster.value);
    shown.add("ServerUrl", &cluster.value.server_url().unwrap());
    let broken = kcc_core::kubeconfig::Cluster {
        server: "https://me:MARKER-19@host:MARKER-20".to_owned(),
        ..Default::default()
    };
    shown.add("UrlProblem", &broken.server_url().unwrap_err());
    shown.add("Origin", &cluster.origin);
    for user in kubeconfig.users.values() {
        shown.add("User", &user.value);
        if let Some(exec) = &user.value.exec {
            shown.add("ExecSpec", exec);
        }
    }
    shown.add("Context", &kubeconfig.contexts["c"].value);
    shown.add(
        "CurrentContext",
        &kubeconfig.current_context.as_ref().unwrap(),
    );
    shown.add("Impersonation", &Impersonation::default());
    shown.add("InteractiveMode", &InteractiveMode::Never);
    shown.add("LoadingRules", &LoadingRules::from_env());
    shown.add("Overrides", &Overrides::default());
    shown.add("NamedKind", &NamedKind::User);
    shown.add("ClusterProblem", &ClusterProblem::NoServer);
    shown.add("UserProblem", &UserProblem::NoCommand);
    shown.add("SyntaxProblem", &SyntaxProblem::Yaml);
    let mut gone = bench.kubeconfig();
    let cluster = gone.clusters.get_mut("k").unwrap();
    cluster.value.certificate_authority = Some(bench.folder.path().join("gone.pem"));
    let Err(KubeconfigError::InvalidCluster { problem, .. }) = gone.resolve(&Overrides::default())
    else {
        panic!("a certificate authority that is not there");
    };
    let ClusterProblem::Unreadable(file) = problem else {
        panic!("{problem:?}");
    };
    shown.add("UnreadableFile", &file);
    // A broken file that is full of secrets.
    for text in [
        "users: [{name: MARKER-14, user: {token: [MARKER-15]}}]",
        "a: 'MARKER-16",
    ] {
        let file = bench.folder.path().join("broken");
        fs::write(&file, text).unwrap();
        let rules = LoadingRules::default().with_explicit(file);
        let error = Kubeconfig::load(&rules).unwrap_err();
        shown.add("KubeconfigError", &error);
        let _: KubeconfigError = error;
    }
}

fn show_cache(shown: &mut Shown, bench: &Bench) {
    let request = bench.request();
    shown.add("Request", &request);
    shown.add("Environment", &request.environment);
    shown.add("ExecInfo", &request.info);
    let given = format!(
        r#"{{"apiVersion":"{}","spec":{{"cluster":{{"server":"https://a:MARKER-17@b","proxy-url":"MARKER-18"}}}}}}"#,
        ApiVersion::V1
    );
    shown.add("ExecInfo", &ExecInfo::parse(&given).unwrap());
    shown.add("ApiVersion", &ApiVersion::V1);
    let settings = Settings::from_environment(&request.environment).unwrap();
    shown.add("Settings", &settings);
    shown.add("Warnings", &Warnings::Log);
    let cache = CredentialCache::new(settings);
    let response = cache.get(&request, &mut |notice| shown.add("Notice", &notice));
    shown.add("Response", &response.unwrap());
    shown.add("CredentialCache", &cache);
    let inspection = cache.inspect(&request).unwrap();
    let entry = inspection.entry.as_ref().unwrap();
    shown.add("Inspection", &inspection);
    shown.add("KeyFile", &inspection.files);
    shown.add("EntryInfo", entry);
    shown.add("EntryState", &entry.state);
    shown.add("EntryDetails", &entry.details.as_ref().unwrap());
    shown.add("Notice", &Notice::Waiting);
    shown.add("Source", &Source::Plugin);
    shown.add("MissReason", &MissReason::Absent);
    shown.add("PluginPolicy", &request.policy);
    shown.add("SearchPath", &SearchPath::of(&request.environment));
    let version = Some(ApiVersion::V1);
    let credential = ExecCredential::parse(ANSWER.as_bytes(), version).unwrap();
    shown.add("ExecCredential", &credential);
    shown.add("CredentialKind", &CredentialKind::Token);
    shown.add("Secret", &Secret::from("MARKER-19".to_owned()));
    shown.add("SystemClock", &SystemClock);
}

fn show_errors(shown: &mut Shown, bench: &Bench) {
    for output in [
        "MARKER-20",
        "{\"kind\":\"MARKER-21\"}",
        "{\"status\":\"MARKER-22\"",
    ] {
        let problem = ExecCredential::parse(output.as_bytes(), None).unwrap_err();
        shown.add("OutputProblem", &problem);
        let _: OutputProblem = problem;
    }
    let mut request = bench.request();
    request.command = "false".into();
    let settings = Settings::from_environment(&request.environment).unwrap();
    let cache = CredentialCache::new(settings);
    let error: Error = cache.refresh(&request, &mut |_| {}).unwrap_err();
    shown.add("Error", &error);
    if let Error::Plugin(error) = &error {
        shown.add("PluginError", error);
    }
    let variables = [("KUBE_CREDENTIAL_CACHE_DEFAULT_TTL", "soon")];
    let wrong = Settings::from_environment(&variables.into_iter().collect());
    shown.add("SettingsError", &wrong.unwrap_err());
    let info = ExecInfo::parse("{\"apiVersion\":\"v1\",\"spec\":\"MARKER-23\"}");
    shown.add("ExecInfoError", &info.unwrap_err());
    shown.add("StartProblem", &StartProblem::NotExecutable);
    shown.add("End", &End::Code(1));
    let (class, exit_code) = (FailureClass::End, 1);
    shown.add("Failure", &Failure { class, exit_code });
    shown.add("FailureClass", &class);
    shown.add("LookUpError", &LookUpError::NotFound);
    let kuberc = PathBuf::from("kuberc");
    let problem = "broken".to_owned();
    shown.add("PolicyError", &PolicyError::Unreadable { kuberc, problem });
    let error = io::Error::from(io::ErrorKind::NotFound).into();
    let path = PathBuf::from("ca.pem");
    shown.add(
        "RequestProblem",
        &RequestProblem::Unreadable { path, error },
    );
}

#[cfg(feature = "client")]
fn show_client(shown: &mut Shown, bench: &Bench) {
    use kcc_core::client::{ClientConfig, ClientError, ClientProblem, NoRetry};

    shown.add("NoRetry", &NoRetry);
    let loader = ClientConfig::loader().with_kubeconfig(bench.folder.path().join("config"));
    shown.add("Loader", &loader);
    let config = loader.load();
    let mut add = |error: ClientError| {
        if let ClientError::Unusable { named, problem } = &error {
            shown.add("NamedRef", named);
            shown.add("ClientProblem", problem);
        }
        shown.add("ClientError", &error);
    };
    add(ClientConfig::loader()
        .with_kubeconfig(bench.folder.path().join("config"))
        .with_user("old")
        .load()
        .unwrap_err());
    add(ClientError::NoRuntime);
    let _: Option<ClientProblem> = None;
    // A server with a password in its URL may be refused.
    match config {
        Ok(config) => shown.add("ClientConfig", &config),
        Err(error) => shown.add("ClientError", &error),
    }
    let file = bench.folder.path().join("plain");
    let text = KUBECONFIG.replace("me:MARKER-1@", "");
    fs::write(&file, text.replace("PLUGIN", "/bin/plugin")).unwrap();
    let config = ClientConfig::loader().with_kubeconfig(file).load().unwrap();
    shown.add("CredentialCounts", &config.counts());
    shown.add("ClientConfig", &config);
}

/// The public types that the sources of this build declare.
fn declared(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let is_client = path.file_stem().is_some_and(|stem| stem == "client");
        if is_client && !cfg!(feature = "client") {
            continue;
        }
        if path.is_dir() {
            declared(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            names.extend(text.lines().filter_map(type_of).map(str::to_owned));
        }
    }
}

/// The name in `pub struct Name...` and its like; crate-private ones say so.
fn type_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let kinds = ["pub struct ", "pub enum ", "pub union "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    Some(&rest[..end.unwrap_or(rest.len())])
}

#[test]
fn no_public_type_shows_a_secret() {
    let (bench, mut shown) = (Bench::new(), Shown::default());
    show_kubeconfig(&mut shown, &bench);
    show_cache(&mut shown, &bench);
    show_errors(&mut shown, &bench);
    #[cfg(feature = "client")]
    show_client(&mut shown, &bench);

    let mut names = BTreeSet::new();
    declared(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut names,
    );
    assert!(names.len() > 30, "{names:?}");
    let forgotten: Vec<_> = names
        .iter()
        .filter(|name| !shown.0.contains_key(name.as_str()))
        .collect();
    assert!(
        forgotten.is_empty(),
        "print these, with secrets in them: {forgotten:?}"
    );
    for (name, text) in &shown.0 {
        assert!(!text.contains(MARKER), "{name}: {text}");
        // As base64, and as numbers.
        assert!(
            !text.contains("TUFSS0VS") && !text.contains("77, 65, 82, 75"),
            "{name}: {text}"
        );
    }
}

/// The test above would find one.
#[test]
fn secrets_are_in_what_is_printed() {
    let bench = Bench::new();
    let request = bench.request();
    assert!(format!("{:?}", request.args).contains("MARKER-4"));
    let variables: Vec<_> = request.environment.iter().collect();
    assert!(format!("{variables:?}").contains("MARKER-13"));
    let kubeconfig = bench.kubeconfig();
    let proxy = kubeconfig.clusters["k"].value.proxy_url.as_deref();
    assert_eq!(proxy, Some("http://me:MARKER-2@proxy:1"));
    let key = kubeconfig.users["fixed"].value.client_key_data.as_ref();
    assert_eq!(key.unwrap().expose(), b"MARKER-9");
}
