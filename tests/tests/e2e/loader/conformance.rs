//! What client-go's own tests of exec plugins say of a client, line by line. The table in
//! docs/testing.md says which line is tested where.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use harness::cluster::{ExecUser, TokenUser};
use kcc_core::client::Loader;
use serde_json::{Value, json};

use super::tool::{at_terminal, without_terminal};
use super::{
    Failed, Outcome, PluginUser, Run, await_that, check, expect_rejected, runtime, whoami,
};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    equal_config_is_one_identity,
    a_changed_env_is_another,
    a_changed_extension_is_another,
    a_changed_provide_cluster_info_is_another,
    a_changed_interactivity_is_another,
    never_is_not_interactive_at_a_terminal,
    if_available_is_not_interactive_without_a_terminal,
    if_available_is_interactive_at_a_terminal,
    always_is_interactive_at_a_terminal,
    always_without_a_terminal_is_an_error,
    v1_without_a_mode_is_an_error,
    v1beta1_without_a_mode_is_if_available,
    provide_cluster_info_passes_cluster_and_extension,
    without_provide_cluster_info_nothing_is_passed,
    static_credentials_bypass_the_plugin,
    a_certificate_is_renewed_after_its_timestamp
];

/// The plugin writes down what it is told.
struct Told {
    user: PluginUser,
    file: PathBuf,
}

impl Told {
    fn new(name: &str, adjust: impl FnOnce(&mut ExecUser)) -> Result<Self, Failed> {
        let mut file = PathBuf::new();
        let user = PluginUser::with(name, |exec, home| {
            file = home.path().join("told");
            let script = home.path().join("telling-plugin");
            let text = format!(
                "#!/bin/sh\nprintf '%s\\n' \"$KUBERNETES_EXEC_INFO\" >>'{}'\nexec '{}' \"$@\"\n",
                file.display(),
                exec.command
            );
            let written = std::fs::write(&script, text);
            let mode = std::fs::Permissions::from_mode(0o755);
            written
                .and_then(|()| std::fs::set_permissions(&script, mode))
                .expect("a script");
            exec.command = script.display().to_string();
            adjust(exec);
        })?;
        Ok(Self {
            user: user.with_tokens()?,
            file,
        })
    }

    /// `spec` of each run.
    fn specs(&self) -> Result<Vec<Value>, Failed> {
        let text = std::fs::read_to_string(&self.file)?;
        let infos: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        Ok(infos?.iter().map(|info| info["spec"].clone()).collect())
    }

    fn expect_interactive(&self, expected: &[bool]) -> Outcome {
        let specs = self.specs()?;
        let found: Vec<_> = specs.iter().map(|spec| &spec["interactive"]).collect();
        check(found == expected, format!("{found:?}"))
    }
}

fn mode(mode: &'static str) -> impl FnOnce(&mut ExecUser) {
    move |exec| exec.interactive_mode = Some(mode.to_owned())
}

/// Changes the kubeconfig, with a first request before and two behind; the plugin has to run as often.
fn runs_after(name: &str, change: fn(&mut Value), expected: usize) -> Outcome {
    let user = PluginUser::with(name, |exec, _| {
        exec.provide_cluster_info = true;
        exec.env = vec![("AWS_PROFILE".to_owned(), "one".to_owned())];
    })?;
    let user = user.with_tokens()?;
    let runtime = runtime()?;
    let request = || {
        let config = user.config()?;
        runtime.block_on(async { user.expect_known(&config.client()?).await })
    };
    request()?;
    user.expect_runs(1)?;
    let mut content: Value = serde_json::from_slice(&std::fs::read(user.kubeconfig.path())?)?;
    change(&mut content);
    std::fs::write(user.kubeconfig.path(), content.to_string())?;
    request()?;
    request()?;
    user.expect_runs(expected)
}

fn equal_config_is_one_identity() -> Outcome {
    // Another order, and one entry more that is not this user's.
    let change = |content: &mut Value| {
        content["users"][0]["user"]["exec"]["args"] = json!([]);
        let users = content["users"].as_array_mut().expect("users");
        users.insert(0, json!({ "name": "another", "user": { "token": "x" } }));
    };
    runs_after("equal", change, 1)
}

fn a_changed_env_is_another() -> Outcome {
    let change = |content: &mut Value| {
        content["users"][0]["user"]["exec"]["env"][0]["value"] = json!("other");
    };
    runs_after("env", change, 2)
}

fn a_changed_extension_is_another() -> Outcome {
    let change = |content: &mut Value| {
        content["clusters"][0]["cluster"]["extensions"] = json!([
            { "name": "client.authentication.k8s.io/exec", "extension": { "audience": "x" } }
        ]);
    };
    runs_after("extension", change, 2)
}

fn a_changed_provide_cluster_info_is_another() -> Outcome {
    let change = |content: &mut Value| {
        content["users"][0]["user"]["exec"]["provideClusterInfo"] = json!(false);
    };
    runs_after("info", change, 2)
}

/// Each is told its own; where both may have one answer, the store has one for them.
fn a_changed_interactivity_is_another() -> Outcome {
    let told = Told::new("inter", |exec| {
        exec.interactive_mode = Some("IfAvailable".to_owned());
        let keep_none = ("KUBE_CREDENTIAL_CACHE_DEFAULT_TTL", "0");
        exec.env
            .push((keep_none.0.to_owned(), keep_none.1.to_owned()));
    })?;
    let runtime = runtime()?;
    let request = |loader: Loader| {
        let config = loader.load()?;
        runtime.block_on(async { told.user.expect_known(&config.client()?).await })
    };
    request(told.user.loader().with_terminal(false))?;
    request(told.user.loader().with_terminal(true))?;
    told.expect_interactive(&[false, true])
}

fn never_is_not_interactive_at_a_terminal() -> Outcome {
    let told = Told::new("never", mode("Never"))?;
    let screen = at_terminal(&told.user, "")?;
    check(screen.contains("known as never"), &screen)?;
    told.expect_interactive(&[false])
}

fn if_available_is_not_interactive_without_a_terminal() -> Outcome {
    let told = Told::new("avail", mode("IfAvailable"))?;
    let screen = without_terminal(&told.user)?;
    check(screen.contains("known as avail"), &screen)?;
    told.expect_interactive(&[false])
}

fn if_available_is_interactive_at_a_terminal() -> Outcome {
    prompted("iris", "IfAvailable")
}

fn always_is_interactive_at_a_terminal() -> Outcome {
    prompted("alva", "Always")
}

/// What is typed reaches the plugin. The next tool finds the credential and prompts for nothing.
fn prompted(name: &str, interactive_mode: &'static str) -> Outcome {
    let told = Told::new(name, mode(interactive_mode))?;
    let user = &told.user;
    let token = format!("pin-4711-{name}");
    user.cluster
        .add_token(TokenUser::new(&token, name, &["testers"]))?;
    let answer = json!({
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": { "token": format!("pin-PIN-{name}") },
    });
    let prompt = format!(
        "#!/bin/sh\nprintf 'PIN: ' >&2\nread -r pin\necho '{answer}' | sed \"s/PIN/$pin/\"\n"
    );
    std::fs::write(user.plugin.path(), prompt)?;
    for typed in ["4711\n", ""] {
        let screen = at_terminal(user, typed)?;
        check(screen.contains("PIN: ") != typed.is_empty(), &screen)?;
        check(screen.contains(&format!("known as {name}")), &screen)?;
    }
    told.expect_interactive(&[true])
}

fn always_without_a_terminal_is_an_error() -> Outcome {
    let told = Told::new("always", mode("Always"))?;
    let screen = without_terminal(&told.user)?;
    check(screen.contains("error: "), &screen)?;
    check(screen.contains("standard input is not a terminal"), &screen)?;
    check(screen.contains("user \"always\""), &screen)?;
    told.user.expect_runs(0)
}

fn v1_without_a_mode_is_an_error() -> Outcome {
    let told = Told::new("modeless", |exec| exec.interactive_mode = None)?;
    let screen = at_terminal(&told.user, "")?;
    check(screen.contains("interactiveMode is missing"), &screen)?;
    check(screen.contains("user \"modeless\""), &screen)?;
    told.user.expect_runs(0)
}

fn v1beta1_without_a_mode_is_if_available() -> Outcome {
    let told = Told::new("beta", |exec| {
        exec.interactive_mode = None;
        let version = "client.authentication.k8s.io/v1beta1";
        version.clone_into(&mut exec.api_version);
    })?;
    let screen = without_terminal(&told.user)?;
    check(screen.contains("known as beta"), &screen)?;
    told.expect_interactive(&[false])
}

fn provide_cluster_info_passes_cluster_and_extension() -> Outcome {
    let told = Told::new("clara", |exec| exec.provide_cluster_info = true)?;
    let path = told.user.kubeconfig.path();
    let mut content: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let cluster = &mut content["clusters"][0]["cluster"];
    cluster["tls-server-name"] = json!("localhost");
    cluster["disable-compression"] = json!(true);
    cluster["extensions"] = json!([
        { "name": "client.authentication.k8s.io/exec", "extension": { "audience": "x" } },
        { "name": "another", "extension": { "secret": "y" } },
    ]);
    let expected = json!({
        "server": cluster["server"],
        "tls-server-name": "localhost",
        "disable-compression": true,
        "certificate-authority-data": cluster["certificate-authority-data"],
        "config": { "audience": "x" },
    });
    std::fs::write(path, content.to_string())?;
    let config = told.user.config()?;
    runtime()?.block_on(async { told.user.expect_known(&config.client()?).await })?;
    let specs = told.specs()?;
    check(
        specs == [json!({ "interactive": false, "cluster": expected })],
        format!("{specs:?}"),
    )
}

fn without_provide_cluster_info_nothing_is_passed() -> Outcome {
    let told = Told::new("nora-none", |_| {})?;
    let config = told.user.config()?;
    runtime()?.block_on(async { told.user.expect_known(&config.client()?).await })?;
    let specs = told.specs()?;
    check(
        specs == [json!({ "interactive": false })],
        format!("{specs:?}"),
    )
}

fn static_credentials_bypass_the_plugin() -> Outcome {
    let user = PluginUser::new("stella")?;
    user.cluster
        .add_token(TokenUser::new("stella-token", "stella", &["testers"]))?;
    let life = Duration::from_secs(600);
    let pair = user
        .cluster
        .issue_certificate("stella", &["testers"], life)?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content)?;
        Ok::<_, Failed>(json!(path))
    };
    let token_file = file("token", "stella-token")?;
    let (certificate, key) = (file("crt", &pair.certificate)?, file("key", &pair.key)?);
    for fields in [
        json!({ "token": "stella-token" }),
        json!({ "tokenFile": token_file }),
        json!({ "client-certificate": certificate, "client-key": key }),
    ] {
        edit_user(&user, &fields)?;
        let config = user.config()?;
        runtime()?.block_on(async { user.expect_known(&config.client()?).await })?;
    }
    // The server takes no passwords, so somebody with one is nobody; no plugin is run for better ones.
    edit_user(
        &user,
        &json!({ "username": "stella", "password": "s3cret" }),
    )?;
    let config = user.config()?;
    let answer = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await)
    })?;
    let is_refused = matches!(&answer, Err(kube::Error::Api(status)) if status.message.contains("system:anonymous"));
    check(is_refused, format!("{answer:?}"))?;
    user.expect_runs(0)
}

/// Gives the user these fields beside `exec`, in place of earlier ones.
fn edit_user(user: &PluginUser, fields: &Value) -> Outcome {
    let path = user.kubeconfig.path();
    let mut content: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let before = &mut content["users"][0]["user"];
    let mut after = fields.clone();
    after["exec"] = before["exec"].take();
    *before = after;
    Ok(std::fs::write(path, content.to_string())?)
}

/// The certificate itself is good for longer.
fn a_certificate_is_renewed_after_its_timestamp() -> Outcome {
    let user = PluginUser::new("timea")?;
    let issue = || {
        let life = Duration::from_secs(3_600);
        let pair = user
            .cluster
            .issue_certificate("timea", &["testers"], life)?;
        user.plugin
            .answers_certificate(&pair.certificate, &pair.key)?;
        Ok::<_, Failed>(pair)
    };
    user.plugin.expires_after(Some(8))?;
    let first = issue()?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(user.expect_known(&client))?;
    user.plugin.expires_after(Some(600))?;
    let second = issue()?;
    await_that("a request with the second certificate", || {
        runtime.block_on(user.expect_known(&client))?;
        let log = user.cluster.auth_log()?;
        Ok(log.of_certificate(&second.certificate).accepted > 0)
    })?;
    user.expect_runs(2)?;
    let log = user.cluster.auth_log()?;
    expect_rejected(log.of_certificate(&first.certificate), 0)
}
