//! Builds the API server and kubectl once, and keeps them in the user's cache folder.

use std::fs::{self, File, TryLockError};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::go::{APISERVER_ENV, Go, KUBECTL_ENV};
use super::progress::{Progress, Task};

/// The Go program's folder.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/apiserver");
/// Builds of earlier sources are removed when they are this old.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many lines of the Go command's complaints an error carries.
const ERROR_LINES: usize = 40;

/// The two programs that a cluster consists of.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// kube-apiserver and etcd in one program.
    pub apiserver: PathBuf,
    /// kubectl of the same version.
    pub kubectl: PathBuf,
}

impl Binaries {
    /// Takes the binaries that the environment names (`KCC_APISERVER_BIN`, `KCC_KUBECTL_BIN`),
    /// else those in the cache, else builds them. The first build takes about eight minutes on two
    /// cores and fetches the Go modules; processes that need it at the same time wait for one build.
    ///
    /// They lie under `$XDG_CACHE_HOME/kcc-dev/apiserver` (or `~/.cache/...`), in a folder for
    /// each state of the Go program's sources and each version of Go.
    ///
    /// # Errors
    /// [`super::NoGo`] (to be had by downcast) without a usable Go; the Go command's own
    /// complaints when the build fails.
    pub fn build(progress: Progress) -> Result<Self> {
        let (apiserver, kubectl) = (named_by(APISERVER_ENV)?, named_by(KUBECTL_ENV)?);
        if let (Some(apiserver), Some(kubectl)) = (&apiserver, &kubectl) {
            return Ok(Self {
                apiserver: apiserver.clone(),
                kubectl: kubectl.clone(),
            });
        }
        let built = Self::cached(&Go::find()?, progress)?;
        Ok(Self {
            apiserver: apiserver.unwrap_or(built.apiserver),
            kubectl: kubectl.unwrap_or(built.kubectl),
        })
    }

    fn cached(go: &Go, progress: Progress) -> Result<Self> {
        let cache = cache_folder()?;
        let source = Path::new(SOURCE);
        let folder = cache.join(key(source, &go.version)?);
        if let Some(found) = Self::in_folder(&folder) {
            return Ok(found);
        }
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let _lock = lock(&cache.join("lock"), progress)?;
        if let Some(found) = Self::in_folder(&folder) {
            return Ok(found);
        }
        remove_stale(&cache);
        let partial = cache.join(format!("partial-{}", std::process::id()));
        compile(go, source, &partial, progress)?;
        fs::rename(&partial, &folder)
            .with_context(|| format!("cannot move the build to {}", folder.display()))?;
        Self::in_folder(&folder)
            .with_context(|| format!("the build left no binaries in {}", folder.display()))
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let found = Self {
            apiserver: folder.join("apiserver"),
            kubectl: folder.join("kubectl"),
        };
        (found.apiserver.is_file() && found.kubectl.is_file()).then_some(found)
    }
}

/// Whether the environment names both binaries, so that no Go is needed.
pub(super) fn are_named() -> bool {
    [APISERVER_ENV, KUBECTL_ENV]
        .iter()
        .all(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn named_by(variable: &str) -> Result<Option<PathBuf>> {
    match std::env::var_os(variable).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) if Path::new(&value).is_file() => Ok(Some(value.into())),
        Some(value) => bail!("{variable} names {}, which is no file", value.display()),
    }
}

fn cache_folder() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .context("no place for the built API server: neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(base.join("kcc-dev").join("apiserver"))
}

/// What the build depends on, as one short name.
fn key(source: &Path, go_version: &str) -> Result<String> {
    let mut names: Vec<PathBuf> = fs::read_dir(source)
        .with_context(|| format!("cannot read {}", source.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.retain(|path| {
        let extension = path.extension().unwrap_or_default();
        ["go", "mod", "sum"].iter().any(|known| extension == *known)
    });
    names.sort();

    let mut hash = Sha256::new();
    for path in names {
        let content = fs::read(&path)?;
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update((content.len() as u64).to_be_bytes());
        hash.update(content);
    }
    hash.update(go_version);
    hash.update(std::env::consts::ARCH);
    Ok(hex(&hash.finalize()[..8]))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The lock of the whole cache: two builds at once would only take turns on the processor.
fn lock(path: &Path, progress: Progress) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut task = Task::start(
        progress,
        "waiting for another process that builds kube-apiserver",
    );
    loop {
        std::thread::sleep(Duration::from_millis(200));
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => task.tick("it holds the lock"),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    task.finish("done");
    Ok(file)
}

/// Removes what killed builds left, and old builds. Call it with the lock held.
fn remove_stale(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else {
        return;
    };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let is_partial = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(b"partial-");
        let is_old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| SystemTime::now().duration_since(modified).ok())
            .is_some_and(|age| age > KEEP);
        if is_partial || is_old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn compile(go: &Go, source: &Path, target: &Path, progress: Progress) -> Result<()> {
    fs::create_dir_all(target)?;
    let version = kubernetes_version(source)?;
    let title = format!(
        "building kube-apiserver and kubectl {version} (first time: about 8 minutes on 2 cores)"
    );
    let mut task = Task::start(progress, &title);
    let mut child = Command::new(&go.command)
        .args(["build", "-ldflags"])
        // Without its version, kubectl warns of a server that is newer.
        .arg(format!(
            "-s -w -X k8s.io/component-base/version.gitVersion={version}"
        ))
        .arg("-o")
        .arg(target)
        .args([".", "k8s.io/kubernetes/cmd/kubectl"])
        .current_dir(source)
        // No C compiler needed; a go.work above us has no say.
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", go.command.display()))?;
    let complaints = watch(&mut child, &mut task);
    let status = child.wait()?;
    if status.success() {
        task.finish("done");
        return Ok(());
    }
    task.finish("failed");
    bail!(
        "`go build` in {} failed ({status}):\n{}",
        source.display(),
        last_lines(&complaints.join("\n"), ERROR_LINES)
    )
}

/// Follows the command's standard error to its end; returns what is not mere news.
fn watch(child: &mut Child, task: &mut Task) -> Vec<String> {
    let (send, lines) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
    }
    let mut complaints = Vec::new();
    let mut detail = String::from("compiling");
    loop {
        match lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => match line.strip_prefix("go: downloading ") {
                Some(module) => detail = format!("fetching {module}"),
                None => complaints.push(line),
            },
            Err(RecvTimeoutError::Timeout) => detail = String::from("compiling"),
            Err(RecvTimeoutError::Disconnected) => return complaints,
        }
        task.tick(&detail);
    }
}

/// The version that `go.mod` requires, as in `v1.37.2`.
fn kubernetes_version(source: &Path) -> Result<String> {
    let path = source.join("go.mod");
    let content =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    content
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
        .map(|version| version.trim().to_owned())
        .with_context(|| format!("{} requires no k8s.io/kubernetes", path.display()))
}

pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::{key, kubernetes_version, last_lines};
    use std::path::Path;

    #[test]
    fn the_key_follows_sources_and_go_but_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
            key(folder.path(), "go1.26.8").expect("a key")
        };
        let first = write("main.go", "package main");
        assert_eq!(first, write("notes.txt", "not a source"));
        assert_ne!(first, write("go.mod", "module m"));
        let before = write("main.go", "package main");
        assert_ne!(before, write("main.go", "package main // edited"));
        assert_ne!(
            key(folder.path(), "go1.26.8").expect("a key"),
            key(folder.path(), "go1.26.9").expect("a key")
        );
    }

    #[test]
    fn the_version_comes_from_go_mod() {
        let version = kubernetes_version(Path::new(super::SOURCE)).expect("a version");
        assert!(version.starts_with("v1."), "{version}");
    }

    #[test]
    fn a_tail_is_at_most_as_long_as_the_text() {
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
        assert_eq!(last_lines("a", 5), "a");
    }
}
