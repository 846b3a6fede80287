//! TLS as kubectl's: a table of servers with certificates of all kinds (`tests/tls`, in Go), each
//! judged by real kubectl and by the loader.

use std::error::Error as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::CacheHome;
use harness::cluster::{Binaries, Go, Progress};
use http::Request;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Outcome, Run, check, loader, runtime};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![certificates_are_taken_and_refused_as_by_kubectl];

/// kubectl is a process of its own for each case.
const WORKERS: usize = 3;

/// As `tests/tls` prints it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    server: String,
    authority: Option<String>,
    server_name: String,
    insecure: bool,
    certificate: Option<String>,
    key: Option<String>,
    works: bool,
    says: String,
    stricter: bool,
}

/// The servers, until this is dropped.
struct Servers {
    child: Child,
    cases: Vec<Case>,
}

impl Servers {
    fn start() -> Result<Self, Failed> {
        let mut child = Command::new(Go::find()?.command)
            .args(["run", "."])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tls"))
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let cases = serde_json::from_str(&line);
        Ok(Self {
            child,
            cases: cases.map_err(|error| format!("tests/tls printed no cases: {error}"))?,
        })
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // They end when their standard input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Where the client's certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Fields,
    Plugin,
    Cached,
}

impl Case {
    fn users(&self) -> &'static [User] {
        // What is not UTF-8 cannot stand in an ExecCredential.
        let is_text = [&self.certificate, &self.key].iter().all(|part| {
            let bytes = STANDARD.decode(part.as_deref().unwrap_or_default());
            bytes.is_ok_and(|bytes| String::from_utf8(bytes).is_ok())
        });
        match &self.key {
            Some(_) if is_text => &[User::Fields, User::Plugin, User::Cached],
            _ => &[User::Fields],
        }
    }

    /// Whether kubectl and the loader do what they should; else what is wrong.
    fn problem(&self, user: User, kubectl: &Path) -> Result<Option<String>, Failed> {
        let home = CacheHome::new()?;
        let folder = tempfile::tempdir()?;
        let kubeconfig = folder.path().join("config");
        std::fs::write(
            &kubeconfig,
            self.kubeconfig(user, &folder, &home)?.to_string(),
        )?;
        let kubectl = by_kubectl(kubectl, &kubeconfig, &home)?;
        let ours = by_loader(&kubeconfig, &home)?;
        let expected = self.works && !self.stricter;
        let problem = match (&kubectl, &ours) {
            (Ok(()), _) if !self.works => "kubectl takes it".to_owned(),
            (Err(error), _) if self.works => format!("kubectl refuses it: {error}"),
            (_, Err(error)) if expected => format!("we refuse it: {error}"),
            (_, Ok(())) if !expected => format!("we take it; kubectl: {kubectl:?}"),
            // A plugin's answer has messages of its own.
            (_, Err(error)) if user == User::Fields && !error.contains(&self.says) => {
                format!("our error says {error}; kubectl: {kubectl:?}")
            }
            _ => return Ok(None),
        };
        Ok(Some(format!("{} ({user:?}): {problem}", self.name)))
    }

    fn kubeconfig(&self, user: User, folder: &TempDir, home: &CacheHome) -> Result<Value, Failed> {
        let mut cluster = json!({ "server": self.server });
        if let Some(authority) = &self.authority {
            cluster["certificate-authority-data"] = json!(authority);
        }
        if !self.server_name.is_empty() {
            cluster["tls-server-name"] = json!(self.server_name);
        }
        if self.insecure {
            cluster["insecure-skip-tls-verify"] = json!(true);
        }
        let user = match (&self.certificate, &self.key, user) {
            (Some(certificate), Some(key), User::Fields) => {
                json!({ "client-certificate-data": certificate, "client-key-data": key })
            }
            (Some(certificate), Some(key), _) => {
                let path = folder.path().join("credential");
                std::fs::write(&path, exec_credential(certificate, key)?.to_string())?;
                let mut words = vec!["cat".into(), path.into_os_string()];
                if user == User::Cached {
                    words.insert(0, home.kcc_cache().get_program().to_owned());
                }
                let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
                json!({ "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": words[0],
                    "args": words[1..],
                    "interactiveMode": "Never",
                } })
            }
            // Of somebody without any, kubectl prompts for a user name.
            _ => json!({ "token": "t" }),
        };
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": user }],
            "contexts": [{ "name": "x", "context": { "cluster": "c", "user": "u" } }],
            "current-context": "x",
        }))
    }
}

fn exec_credential(certificate: &str, key: &str) -> Result<Value, Failed> {
    let text = |part| Ok::<_, Failed>(String::from_utf8(STANDARD.decode(part)?)?);
    Ok(json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "clientCertificateData": text(certificate)?, "clientKeyData": text(key)? },
    }))
}

/// The outer error is a test's, the inner one the verdict.
type Verdict = Result<Result<(), String>, Failed>;

fn by_kubectl(kubectl: &Path, kubeconfig: &Path, home: &CacheHome) -> Verdict {
    let output = Command::new(kubectl)
        .args(["get", "--raw", "/version"])
        .env_clear()
        .envs(home.variables())
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::null())
        .output()?;
    let heard = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() {
        Ok(())
    } else {
        Err(heard)
    })
}

fn by_loader(kubeconfig: &Path, home: &CacheHome) -> Verdict {
    let loaded = loader(home).with_kubeconfig(kubeconfig).load();
    let config = match loaded {
        Ok(config) => config,
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(runtime()?.block_on(async {
        let client = config.client().map_err(|error| error.to_string())?;
        let request = Request::get("/version").body(Vec::new());
        let answer = client.request::<Value>(request.expect("a request")).await;
        answer.map(drop).map_err(|error| {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        })
    }))
}

fn certificates_are_taken_and_refused_as_by_kubectl() -> Outcome {
    let kubectl = Binaries::build(Progress::Shown)?.kubectl;
    let servers = Servers::start()?;
    let judged = servers.cases.iter().flat_map(|case| {
        let users = case.users().iter();
        users.map(move |user| (case, *user))
    });
    let judged: Vec<_> = judged.collect();
    check(
        judged.len() > 200,
        format!("{} cases are too few", judged.len()),
    )?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<String>, Failed> {
        let mut problems = Vec::new();
        while let Some((case, user)) = judged.get(next.fetch_add(1, Ordering::Relaxed)) {
            problems.extend(case.problem(*user, &kubectl)?);
        }
        Ok(problems)
    };
    let mut problems = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            problems.extend(worker.join().map_err(|_| "a worker panicked")??);
        }
        Ok::<_, Failed>(())
    })?;
    check(problems.is_empty(), problems.join("\n"))
}
