//! The plugins of `docs/recipes.md`, each as a stub that behaves like it where it matters to a cache.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use harness::CacheHome;
use serde_json::json;
use tempfile::TempDir;

use crate::{V1, V1BETA1, code, credential, exec_info, script, stderr, token_of};

/// A plugin's stub in a folder of its own, where it counts its runs.
struct Stub {
    home: CacheHome,
    folder: TempDir,
    path: PathBuf,
}

impl Stub {
    /// `text` may use `$FOLDER`, and `answer TOKEN SECONDS` to print a credential.
    fn new(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = script(
            folder.path(),
            name,
            &format!(
                r#"FOLDER='{}'
echo run >> "$FOLDER/runs"
answer() {{
  expiry=$(date -u -d "+$2 seconds" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v "+$2S" +%Y-%m-%dT%H:%M:%SZ)
  printf '{{"kind":"ExecCredential","apiVersion":"%s","spec":{{}},"status":{{"expirationTimestamp":"%s","token":"%s"}}}}\n' \
    "$VERSION" "$expiry" "$1"
}}
{text}"#,
                folder.path().display()
            ),
        );
        let home = CacheHome::new().unwrap();
        Self { home, folder, path }
    }

    /// `kcc-cache <plugin> <args>`, as a client without a terminal runs it.
    fn command(&self, version: &str, args: &[&str]) -> Command {
        let mut command = self.home.kcc_cache();
        command.arg(&self.path).args(args);
        command.env("KUBERNETES_EXEC_INFO", exec_info(version, json!({})));
        command
    }

    fn runs(&self) -> usize {
        lines(&self.folder.path().join("runs"))
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

fn token(command: &mut Command) -> String {
    token_of(&command.output().unwrap())
}

/// `aws eks get-token`: the identity comes from the environment, the life is fourteen minutes, and
/// the answer is of v1beta1 whatever was requested, unless `KUBERNETES_EXEC_INFO` says otherwise.
#[test]
fn eks_has_an_entry_for_each_profile_and_cluster() {
    let stub = Stub::new(
        "aws",
        r#"VERSION=client.authentication.k8s.io/v1beta1
case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1\"*) VERSION=client.authentication.k8s.io/v1;; esac
[ "$AWS_PROFILE" = broken ] && { echo 'The SSO session has expired. To refresh, run aws sso login' >&2; exit 255; }
answer "k8s-aws-v1.${AWS_PROFILE:-default}.$6" 840"#,
    );
    let request = |profile: Option<&str>, cluster: &str, version: &str| {
        let args = [
            "--region",
            "eu-west-1",
            "eks",
            "get-token",
            "--cluster-name",
            cluster,
        ];
        let mut command = stub.command(version, &args);
        command.envs(profile.map(|profile| ("AWS_PROFILE", profile)));
        command
    };
    for _ in 0..3 {
        let profiles = [None, Some("dev"), Some("prod")];
        for (profile, name) in profiles.iter().zip(["default", "dev", "prod"]) {
            assert_eq!(
                token(&mut request(*profile, "blue", V1BETA1)),
                format!("k8s-aws-v1.{name}.blue")
            );
        }
        assert_eq!(
            token(&mut request(None, "green", V1BETA1)),
            "k8s-aws-v1.default.green"
        );
        assert_eq!(
            token(&mut request(None, "blue", V1)),
            "k8s-aws-v1.default.blue"
        );
    }
    assert_eq!(stub.runs(), 5);

    let ended = request(Some("broken"), "blue", V1BETA1).output().unwrap();
    assert_eq!(code(&ended), 255);
    assert_eq!(
        stderr(&ended),
        "The SSO session has expired. To refresh, run aws sso login\n"
    );
}

/// `gke-gcloud-auth-plugin`: no arguments at all; who it is comes from the active gcloud
/// configuration, and it wants to be told the cluster.
#[test]
fn gke_has_an_entry_for_each_cluster_and_configuration() {
    let stub = Stub::new(
        "gke-gcloud-auth-plugin",
        r#"VERSION=client.authentication.k8s.io/v1beta1
server=$(printf %s "$KUBERNETES_EXEC_INFO" | sed -n 's/.*"server":"https:..\([^"]*\)".*/\1/p')
[ -n "$server" ] || { echo 'no cluster in KUBERNETES_EXEC_INFO' >&2; exit 1; }
answer "ya29.${CLOUDSDK_ACTIVE_CONFIG_NAME:-default}.$server" 3599"#,
    );
    let request = |configuration: Option<&str>, server: &str| {
        let mut command = stub.command(V1BETA1, &[]);
        let cluster = json!({ "cluster": { "server": format!("https://{server}") } });
        command.env("KUBERNETES_EXEC_INFO", exec_info(V1BETA1, cluster));
        command.envs(configuration.map(|name| ("CLOUDSDK_ACTIVE_CONFIG_NAME", name)));
        command
    };
    for _ in 0..3 {
        assert_eq!(
            token(&mut request(None, "10.0.0.1")),
            "ya29.default.10.0.0.1"
        );
        assert_eq!(
            token(&mut request(None, "10.0.0.2")),
            "ya29.default.10.0.0.2"
        );
        assert_eq!(
            token(&mut request(Some("work"), "10.0.0.1")),
            "ya29.work.10.0.0.1"
        );
    }
    assert_eq!(stub.runs(), 3);
}

/// Azure's `kubelogin`: without a cached login it tells a device code on stderr and waits for
/// somebody; afterwards it is silent.
#[test]
fn azure_shows_the_device_code_and_then_answers_from_the_cache() {
    let stub = Stub::new(
        "kubelogin",
        r#"VERSION=client.authentication.k8s.io/v1beta1
if [ ! -e "$FOLDER/login" ]; then
  echo 'To sign in, open the page and enter the code ABCD-1234' >&2
  while [ ! -e "$FOLDER/login" ]; do sleep 0.02; done
fi
answer "aad.$AAD_LOGIN_METHOD.$3" 3600"#,
    );
    let request = |tenant: &str| {
        let mut command = stub.command(V1BETA1, &["get-token", "--tenant-id", tenant]);
        command.env("AAD_LOGIN_METHOD", "devicecode");
        command
    };
    let mut first = request("t1");
    let first = first.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut waiting = first.spawn().unwrap();
    let mut told = [0; 10];
    std::io::Read::read_exact(waiting.stderr.as_mut().unwrap(), &mut told).unwrap();
    assert_eq!(&told, b"To sign in", "before anybody has signed in");
    fs::write(stub.folder.path().join("login"), "").unwrap();
    assert_eq!(
        token_of(&waiting.wait_with_output().unwrap()),
        "aad.devicecode.t1"
    );

    for _ in 0..5 {
        assert_eq!(token(&mut request("t1")), "aad.devicecode.t1");
    }
    assert_eq!(token(&mut request("t2")), "aad.devicecode.t2");
    assert_eq!(stub.runs(), 2);
}

/// `kubelogin` (`kubectl oidc-login`) against a provider that rotates refresh tokens: each can be
/// used once, and using one twice ends the session. Its answers are JWTs and name no life of their
/// own here, so that the cache has to read it out of the token.
fn oidc() -> Stub {
    let stub = Stub::new(
        "kubectl-oidc_login",
        r#"refresh=$(cat "$FOLDER/client")
[ "$SLOW" ] && sleep "$SLOW"
# The provider takes each refresh token once: mkdir is its only atomic word.
if [ -e "$FOLDER/ended" ] || ! mkdir "$FOLDER/used-$refresh" 2>/dev/null; then
  touch "$FOLDER/ended"
  echo 'oidc error: invalid_grant: refresh token is invalid, expired or revoked' >&2
  exit 1
fi
echo $((refresh + 1)) > "$FOLDER/client.new" && mv "$FOLDER/client.new" "$FOLDER/client"
claims=$(printf '{"sub":"me","refresh":%d,"exp":%d}' "$refresh" $(($(date +%s) + ${LIFE:-3600})) | base64 | tr -d '=\n' | tr '/+' '_-')
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"eyJhbGciOiJub25lIn0.%s.c2ln"}}\n' "$claims""#,
    );
    fs::write(stub.folder.path().join("client"), "1").unwrap();
    stub
}

const OIDC: [&str; 3] = [
    "get-token",
    "--oidc-issuer-url=https://issuer.example",
    "--oidc-client-id=kubernetes",
];

fn start(mut command: Command) -> Child {
    let command = command
        .env("SLOW", "0.3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn end(children: Vec<Child>) -> Vec<Output> {
    let end = |child: Child| child.wait_with_output().unwrap();
    children.into_iter().map(end).collect()
}

/// The stub proves that it would notice: without the cache, two at once end the session.
#[test]
fn rotating_refresh_tokens_do_not_survive_two_plugins_at_once() {
    let stub = oidc();
    let plugins = (0..4).map(|_| {
        let mut plugin = Command::new(&stub.path);
        plugin.args(OIDC);
        start(plugin)
    });
    let ended = end(plugins.collect());
    assert!(ended.iter().any(|output| code(output) == 1), "{ended:?}");
}

#[test]
fn rotating_refresh_tokens_survive_any_number_at_once() {
    let stub = oidc();
    // A life within the margin makes each round request again.
    for round in 1..=3 {
        let requests = (0..20).map(|_| {
            let mut command = stub.command(V1, &OIDC);
            command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "2h");
            start(command)
        });
        let tokens: Vec<_> = end(requests.collect()).iter().map(token_of).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
        assert!(stub.runs() >= round);
    }
    assert!(!stub.folder.path().join("ended").exists());
}

/// The one that runs the plugin is killed: its plugin goes on, uses the refresh token up and is
/// waited for, so that the next plugin has the next one.
#[test]
fn rotating_refresh_tokens_survive_a_killed_holder() {
    let stub = oidc();
    let mut killed = start(stub.command(V1, &OIDC));
    while stub.runs() == 0 {
        assert_eq!(killed.try_wait().unwrap(), None);
        thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    let next = stub.command(V1, &OIDC).output().unwrap();
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    token_of(&next);
    assert!(
        !stub.folder.path().join("ended").exists(),
        "{}",
        stderr(&next)
    );
    assert!(stub.runs() <= 2);
}

/// The life of an answer that names none is that of its JWT, from the first answer on.
#[test]
fn the_life_of_an_id_token_is_read_out_of_it() {
    let stub = oidc();
    let mut first = stub.command(V1, &OIDC);
    let first = credential(&first.env("LIFE", "600").output().unwrap());
    let again = credential(&stub.command(V1, &OIDC).output().unwrap());
    assert!(first["status"]["expirationTimestamp"].is_string());
    assert_eq!(first, again);
    assert_eq!(stub.runs(), 1);
}
