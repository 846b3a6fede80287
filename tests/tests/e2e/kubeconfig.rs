//! Our kubeconfig resolver against what the real `kubectl config view` says.

mod cases;
mod content;
mod view;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::cluster::{self, Binaries, Progress};
use kcc_core::kubeconfig::{Kubeconfig, KubeconfigError, LoadingRules, Overrides};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use tempfile::TempDir;

use crate::trial::named;
use cases::{Case, Expect};
use view::{Folders, of_kubectl, of_ours};

type Check = fn(&Sandbox) -> Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let more: &[(&str, Check)] = named![
        relative_kubeconfig,
        flatten_reads_the_same_files,
        explicit_file_must_exist,
        exec_command_is_run_from_its_folder
    ];
    let compared = cases::all().into_iter().map(|case| {
        let name = format!("kubeconfig::{}", case.name.replace(' ', "_"));
        Trial::test(name, move || compare(&Sandbox::new(&case)?, &case))
    });
    let checked = more.iter().map(|&(name, check)| {
        Trial::test(format!("kubeconfig::{name}"), move || {
            check(&Sandbox::new(&cases::paths())?)
        })
    });
    let ignored = cluster::unavailable().is_some();
    compared
        .chain(checked)
        .map(|trial| trial.with_ignored_flag(ignored))
        .collect()
}

/// The kubectl to compare with.
fn kubectl() -> Result<&'static Path, Failed> {
    static KUBECTL: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = KUBECTL.get_or_init(|| {
        Binaries::build(Progress::Shown)
            .map(|binaries| binaries.kubectl)
            .map_err(|error| format!("{error:#}"))
    });
    Ok(built.as_deref().map_err(String::clone)?)
}

/// A folder with a case's files, and kubectl in a clean environment.
struct Sandbox {
    kubectl: &'static Path,
    dir: TempDir,
}

impl Sandbox {
    fn new(case: &Case) -> Result<Self, Failed> {
        let sandbox = Self {
            kubectl: kubectl()?,
            dir: tempfile::tempdir()?,
        };
        for (name, content) in &case.files {
            let path = sandbox.path(name);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, content)?;
        }
        Ok(sandbox)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `@` in a list stands for the folder.
    fn list(&self, list: &str) -> String {
        list.replace('@', &self.dir.path().display().to_string())
    }

    fn rules(&self, kubeconfig: Option<&str>) -> LoadingRules {
        LoadingRules {
            explicit: None,
            kubeconfig: kubeconfig.map(Into::into),
            home: Some(self.dir.path().to_owned()),
        }
    }

    fn command(&self, kubeconfig: Option<&str>, args: &[&str]) -> Command {
        let mut command = Command::new(self.kubectl);
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", "/usr/bin:/bin")
            .args(args);
        if let Some(list) = kubeconfig {
            command.env("KUBECONFIG", list);
        }
        command
    }

    /// What kubectl prints, or its complaint.
    fn view(&self, kubeconfig: Option<&str>, args: &[&str]) -> Result<Value, String> {
        let view = ["config", "view", "--raw", "-o", "json"];
        let output = self
            .command(kubeconfig, &[&view[..], args].concat())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn compare(sandbox: &Sandbox, case: &Case) -> Result<(), Failed> {
    let list = case.list.map(|list| sandbox.list(list));
    let theirs = sandbox.view(list.as_deref(), &case.args);
    let ours = Kubeconfig::load(&sandbox.rules(list.as_deref()));
    let ours = ours.and_then(|all| {
        if case.args.is_empty() {
            Ok(all)
        } else {
            minify(&all, &case.args)
        }
    });
    match (case.expect, theirs, ours) {
        (Expect::Same, Ok(theirs), Ok(ours)) => {
            let theirs = of_kubectl(&theirs, &folders(sandbox, list.as_deref()));
            same(&theirs, &of_ours(&ours))
        }
        (Expect::Refused, Err(_), Err(_)) => Ok(()),
        (_, theirs, ours) => Err(format!("kubectl: {theirs:?}\nours: {ours:?}").into()),
    }
}

fn same(theirs: &Value, ours: &Value) -> Result<(), Failed> {
    if theirs == ours {
        Ok(())
    } else {
        Err(format!("kubectl: {theirs:#}\nours: {ours:#}").into())
    }
}

/// What `--minify` leaves: the context with its cluster and user.
fn minify(all: &Kubeconfig, args: &[&str]) -> Result<Kubeconfig, KubeconfigError> {
    let context = args.iter().find_map(|arg| arg.strip_prefix("--context="));
    let overrides = Overrides {
        context: context.map(Into::into),
        ..Overrides::default()
    };
    let resolved = all.resolve(&overrides)?;
    let mut minified = Kubeconfig::default();
    let mut current = all.current_context.clone();
    if let Some(context) = resolved.context {
        minified
            .contexts
            .insert(context.name.clone(), context.clone());
        if let Some(current) = &mut current {
            current.name.clone_from(&context.name);
        }
    }
    if let Some(user) = resolved.user {
        minified.users.insert(user.name.clone(), user.clone());
    }
    let cluster = resolved.cluster;
    minified
        .clusters
        .insert(cluster.name.clone(), cluster.clone());
    minified.current_context = current;
    Ok(minified)
}

/// The folder of the first file that has an entry, found by kubectl with each file alone.
fn folders(sandbox: &Sandbox, list: Option<&str>) -> Folders {
    let mut folders = Folders::new();
    for path in sandbox.rules(list).paths() {
        let Ok(view) = sandbox.view(path.to_str(), &[]) else {
            continue;
        };
        for kind in ["clusters", "users"] {
            for entry in view[kind].as_array().into_iter().flatten() {
                let name = entry["name"].as_str().unwrap_or_default().to_owned();
                let folder = path.parent().unwrap_or(&path).to_owned();
                folders.entry((kind, name)).or_insert(folder);
            }
        }
    }
    folders
}

/// The files of [`cases::paths`] named relatively to the working directory.
fn relative_kubeconfig(sandbox: &Sandbox) -> Result<(), Failed> {
    let up = "../".repeat(env::current_dir()?.components().count() - 1);
    let dir = format!(
        "{up}{}",
        sandbox
            .dir
            .path()
            .display()
            .to_string()
            .trim_start_matches('/')
    );
    let relative = format!("{dir}/a/config:{dir}/b/config");
    let absolute = sandbox.list("@/a/config:@/b/config");
    let theirs = of_kubectl(
        &sandbox.view(Some(&relative), &[])?,
        &folders(sandbox, Some(&absolute)),
    );
    let ours = Kubeconfig::load(&sandbox.rules(Some(&relative)))?;
    assert_eq!(
        ours.users["b"].origin.path,
        Path::new(&format!("{dir}/b/config"))
    );
    same(&theirs, &of_ours(&ours))
}

/// `--flatten` puts the files' content in place of their paths.
fn flatten_reads_the_same_files(sandbox: &Sandbox) -> Result<(), Failed> {
    let list = sandbox.list("@/a/config:@/b/config");
    let flat = sandbox.view(Some(&list), &["--flatten"])?;
    let ours = Kubeconfig::load(&sandbox.rules(Some(&list)))?;
    let content = |path: &Option<PathBuf>| match path {
        Some(path) => fs::read(path).map(|bytes| Value::from(STANDARD.encode(bytes))),
        None => Ok(Value::Null),
    };
    for entry in flat["clusters"].as_array().into_iter().flatten() {
        let cluster = &ours.clusters[entry["name"].as_str().unwrap_or_default()].value;
        let data = &entry["cluster"]["certificate-authority-data"];
        same(data, &content(&cluster.certificate_authority)?)?;
    }
    for entry in flat["users"].as_array().into_iter().flatten() {
        let user = &ours.users[entry["name"].as_str().unwrap_or_default()].value;
        same(
            &entry["user"]["client-certificate-data"],
            &content(&user.client_certificate)?,
        )?;
        same(
            &entry["user"]["client-key-data"],
            &content(&user.client_key)?,
        )?;
    }
    Ok(())
}

/// `config view` forgives it; what uses the file does not.
fn explicit_file_must_exist(sandbox: &Sandbox) -> Result<(), Failed> {
    let gone = sandbox.path("gone");
    let output = sandbox
        .command(
            None,
            &[
                "get",
                "--raw",
                "/",
                "--kubeconfig",
                &gone.display().to_string(),
            ],
        )
        .output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && complaint.contains("no such file"),
        "{complaint}"
    );
    let ours = Kubeconfig::load(&sandbox.rules(None).with_explicit(gone)).unwrap_err();
    assert!(ours.to_string().contains("does not exist"), "{ours}");
    Ok(())
}

/// kubectl runs `../bin/plugin` of `b/config`; the file that we name is that one.
fn exec_command_is_run_from_its_folder(sandbox: &Sandbox) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt as _;

    let list = sandbox.list("@/a/config:@/b/config");
    let ours = Kubeconfig::load(&sandbox.rules(Some(&list)))?;
    let exec = ours.users["b"].value.exec.as_ref().ok_or("b has no exec")?;
    let plugin = Path::new(&exec.command);
    fs::set_permissions(plugin, fs::Permissions::from_mode(0o755))?;
    sandbox
        .command(Some(&list), &["--context=b", "get", "--raw", "/"])
        .output()?;
    assert!(
        plugin.with_file_name("ran").is_file(),
        "kubectl did not run {}",
        plugin.display()
    );
    Ok(())
}
