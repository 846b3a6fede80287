//! Brings the clients onto this machine: those that lack their language are left out, with a reason.

mod folder;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::cluster::{Cluster, Go};

use crate::arguments::Arguments;
use crate::client::{Client, Kind};
use crate::tools::Tool;
use folder::{prepared, watched};

/// The sources of the clients in other languages.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

const HELM: (&str, &str) = ("helm.sh/helm/v3/cmd/helm", "v3.22.0");
/// Later ones need a newer Go than the API server does.
const STERN: (&str, &str) = ("github.com/stern/stern", "v1.32.0");

/// The clients that can run here, and why the others cannot.
pub(crate) struct Installed {
    pub(crate) clients: Vec<Client>,
    pub(crate) missing: Vec<(&'static str, String)>,
}

/// Makes one client ready: its version, and how it runs.
type Prepare = fn(&Cluster) -> Result<(String, Kind)>;

const V1: &str = "v1";
const V1BETA1: &str = "v1beta1";

/// Each with the version of the protocol that it understands.
const ALL: [(&str, &str, Prepare); 11] = [
    ("kubectl 1.32", V1, |_| kubectl_of("v1.32.")),
    ("kubectl", V1, kubectl),
    ("helm", V1, |_| by_go(HELM, Tool::Helm)),
    ("stern", V1, |_| by_go(STERN, Tool::Stern)),
    ("kube-rs", V1, |_| kube_rs()),
    ("Python kubernetes", V1, |_| {
        python("kubernetes", "official.py")
    }),
    ("kr8s", V1, |_| python("kr8s", "kr8s_client.py")),
    // It refuses any other.
    ("lightkube", V1BETA1, |_| {
        python("lightkube", "lightkube_client.py")
    }),
    ("@kubernetes/client-node", V1, |_| node()),
    ("fabric8", V1, |_| java("kubernetes-client", "Fabric8")),
    ("client-java", V1, |_| java("client-java", "ClientJava")),
];

/// Makes all clients ready that are wanted.
pub(crate) fn install(cluster: &Cluster, arguments: &Arguments) -> Result<Installed> {
    let mut installed = Installed {
        clients: Vec::new(),
        missing: Vec::new(),
    };
    for (name, protocol, prepare) in ALL.into_iter().filter(|all| arguments.includes(all.0)) {
        match prepare(cluster) {
            Ok((version, kind)) => installed.clients.push(Client {
                name,
                version,
                protocol,
                kind,
            }),
            Err(error) => installed.missing.push((name, format!("{error:#}"))),
        }
    }
    ensure!(!installed.clients.is_empty(), "no client can run here");
    Ok(installed)
}

fn kubectl(cluster: &Cluster) -> Result<(String, Kind)> {
    let path = cluster.binaries().kubectl.clone();
    let version = kubectl_version(&path).context("it names no version")?;
    Ok((version, Kind::Tool(Tool::Kubectl, path)))
}

/// One of this release that the machine has, else one that is built.
fn kubectl_of(release: &str) -> Result<(String, Kind)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    // Google's is a dispatcher, beside which the releases are.
    let named = format!("kubectl.{}", release.trim_matches(['v', '.']));
    let found = folders.iter().flat_map(|folder| {
        let kubectl = folder.join("kubectl");
        let real = fs::canonicalize(&kubectl).unwrap_or_else(|_| kubectl.clone());
        [kubectl, real.with_file_name(&named)]
    });
    for path in found.filter(|path| path.is_file()) {
        match kubectl_version(&path) {
            Some(version)
                if format!("v{version}").starts_with(release)
                    && !version.contains("dispatcher") =>
            {
                return Ok((version, Kind::Tool(Tool::Kubectl, path)));
            }
            _ => {}
        }
    }
    let go = Go::find()?.command;
    let source = Path::new(SOURCES).join("kubectl-1.32");
    let module = fs::read_to_string(source.join("go.mod"))?;
    let version = module
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubectl v0."));
    let version = format!("1.{}", version.context("go.mod names no k8s.io/kubectl")?);
    let folder = prepared("kubectl-1.32", Some(&source), |folder| {
        let mut build = Command::new(&go);
        build.arg("build").arg(format!(
            "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=v{version}"
        ));
        build.arg("-o").arg(folder.join("kubectl"));
        build.env("CGO_ENABLED", "0").env("GOWORK", "off");
        watched(
            "building kubectl 1.32 (first time: some minutes)",
            build.current_dir(&source),
        )
    })?;
    Ok((version, Kind::Tool(Tool::Kubectl, folder.join("kubectl"))))
}

/// As in `1.37.2`.
fn kubectl_version(path: &Path) -> Option<String> {
    let output = Command::new(path)
        .args(["version", "--client", "-o", "json"])
        .output()
        .ok()?;
    let version: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let version = version["clientVersion"]["gitVersion"].as_str()?;
    Some(version.trim_start_matches('v').to_owned())
}

fn by_go((module, version): (&str, &str), tool: Tool) -> Result<(String, Kind)> {
    let go = Go::find()?.command;
    let name = module.rsplit('/').next().unwrap_or(module);
    let folder = prepared(&format!("{name}-{version}"), None, |folder| {
        let mut install = Command::new(&go);
        install
            .args(["install", "-ldflags=-s -w"])
            .arg(format!("{module}@{version}"));
        install
            .env("GOBIN", folder)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off");
        watched(
            &format!("building {name} {version} (first time: some minutes)"),
            &mut install,
        )
    })?;
    let version = version.trim_start_matches('v').to_owned();
    Ok((version, Kind::Tool(tool, folder.join(name))))
}

fn kube_rs() -> Result<(String, Kind)> {
    let source = Path::new(SOURCES).join("rust");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let folder = prepared("rust", Some(&source), |folder| {
        let mut build = Command::new(&cargo);
        build
            .args(["build", "--quiet", "--target-dir"])
            .arg(folder.join("target"));
        watched(
            "building the client in Rust (first time: some minutes)",
            build.current_dir(&source),
        )
    })?;
    let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
    let version = manifest.split("kube = { version = \"=").nth(1);
    let version = version.and_then(|rest| rest.split('"').next());
    let version = version.context("kube is not pinned")?.to_owned();
    let program = folder.join("target/debug/client").into();
    Ok((version, Kind::Lines(vec![program])))
}

fn python(package: &str, program: &str) -> Result<(String, Kind)> {
    let source = Path::new(SOURCES).join("python");
    let requirements = source.join("requirements.txt");
    let folder = prepared("python", Some(&requirements), |folder| {
        let mut venv = Command::new("python3");
        watched(
            "making a Python environment",
            venv.args(["-m", "venv"]).arg(folder),
        )?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip.arg("--requirement").arg(&requirements);
        watched("installing the Python clients", &mut pip)
    })?;
    let pins = fs::read_to_string(&requirements)?;
    let version = pins
        .lines()
        .find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    let version = version.with_context(|| format!("{package} is not pinned"))?;
    // Without its -B it would write beside our sources.
    let words: Vec<OsString> = vec![
        folder.join("bin/python").into(),
        "-B".into(),
        source.join(program).into(),
    ];
    Ok((version.to_owned(), Kind::Lines(words)))
}

fn node() -> Result<(String, Kind)> {
    let source = Path::new(SOURCES).join("node");
    let package = fs::read_to_string(source.join("package.json"))?;
    let folder = prepared("node", Some(&source), |folder| {
        for file in ["package.json", "client.js"] {
            fs::copy(source.join(file), folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        watched("installing the client for Node", npm.current_dir(folder))
    })?;
    let package: serde_json::Value = serde_json::from_str(&package)?;
    let version = package["dependencies"]["@kubernetes/client-node"].as_str();
    let words = vec!["node".into(), folder.join("client.js").into()];
    Ok((
        version.context("it is not pinned")?.to_owned(),
        Kind::Lines(words),
    ))
}

fn java(artifact: &str, class: &str) -> Result<(String, Kind)> {
    let source = Path::new(SOURCES).join("java");
    let folder = prepared("java", Some(&source), |folder| {
        let mut maven = Command::new("mvn");
        maven
            .args(["--batch-mode", "--quiet", "--file"])
            .arg(source.join("pom.xml"));
        maven.arg("dependency:copy-dependencies");
        maven.arg(format!(
            "-DoutputDirectory={}",
            folder.join("jars").display()
        ));
        watched("fetching the Java clients", &mut maven)?;
        let mut javac = Command::new("javac");
        javac
            .arg("-cp")
            .arg(folder.join("jars/*"))
            .arg("-d")
            .arg(folder.join("classes"));
        javac.args(
            ["Lines", "Fabric8", "ClientJava"].map(|class| source.join(format!("{class}.java"))),
        );
        watched("compiling the Java clients", &mut javac)
    })?;
    let pom = fs::read_to_string(source.join("pom.xml"))?;
    let version = pom
        .split(&format!("<artifactId>{artifact}</artifactId>"))
        .nth(1);
    let version = version.and_then(|rest| rest.split("<version>").nth(1)?.split('<').next());
    let version = version.with_context(|| format!("{artifact} is not pinned"))?;
    let path = format!(
        "{}:{}/*",
        folder.join("classes").display(),
        folder.join("jars").display()
    );
    // A JVM that starts soon: what is measured is not its speed.
    let options = [
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xmx256m",
        "-cp",
    ];
    let mut words: Vec<OsString> = vec!["java".into()];
    words.extend(options.map(OsString::from));
    words.extend([path.into(), class.into()]);
    Ok((version.to_owned(), Kind::Lines(words)))
}
