//! What an installer keeps in a folder of one version, and removes at the next upgrade.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kcc_core::kubeconfig::Kubeconfig;
use serde_json::json;

use crate::{Desk, code, quiet, stderr, stdout};

/// Where an installer puts things, below its root.
struct Layout {
    /// The folder of a version, with `VERSION` for it.
    store: &'static str,
    /// Links that last, and what they lead to.
    links: &'static [(&'static str, &'static str)],
    /// How a person runs kcc.
    kcc: &'static str,
    /// What lasts.
    command: &'static str,
    args: &'static [&'static str],
}

const KREW: Layout = Layout {
    store: ".krew/store/kcc/vVERSION",
    links: &[(".krew/bin/kubectl-kcc", "kcc")],
    kcc: ".krew/bin/kubectl-kcc",
    command: ".krew/bin/kubectl-kcc",
    args: &["exec", "--"],
};

const OTHERS: [Layout; 4] = [
    Layout {
        store: "brew/Cellar/kcc/VERSION/bin",
        links: &[("brew/opt/kcc/bin", ""), ("brew/bin/kcc", "kcc")],
        kcc: "brew/bin/kcc",
        command: "brew/opt/kcc/bin/kcc-cache",
        args: &[],
    },
    Layout {
        store: ".asdf/installs/kcc/VERSION/bin",
        links: &[
            (".asdf/shims/kcc-cache", "kcc-cache"),
            (".asdf/shims/kcc", "kcc"),
        ],
        kcc: ".asdf/shims/kcc",
        command: ".asdf/shims/kcc-cache",
        args: &[],
    },
    Layout {
        store: "mise/installs/kcc/VERSION",
        links: &[("mise/installs/kcc/latest", "")],
        kcc: "mise/installs/kcc/latest/kcc",
        command: "mise/installs/kcc/latest/kcc-cache",
        args: &[],
    },
    // cargo install has no folders of versions.
    Layout {
        store: ".cargo/bin",
        links: &[],
        kcc: ".cargo/bin/kcc",
        command: ".cargo/bin/kcc-cache",
        args: &[],
    },
];

struct Machine {
    desk: Desk,
    root: PathBuf,
    layout: &'static Layout,
}

impl Machine {
    fn new(layout: &'static Layout) -> Self {
        let mut desk = Desk::new();
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": desk.plugin.path(), "args": ["x"],
            "interactiveMode": "Never",
        });
        desk.add_context("a", &json!({ "exec": exec }));
        let root = desk.home.path().canonicalize().unwrap();
        let machine = Self { desk, root, layout };
        machine.install("0.9.0");
        machine
    }

    fn store(&self, version: &str) -> PathBuf {
        self.root
            .join(self.layout.store.replace("VERSION", version))
    }

    fn install(&self, version: &str) {
        let store = self.store(version);
        fs::create_dir_all(&store).unwrap();
        for (name, program) in [
            ("kcc", self.desk.home.kcc()),
            ("kcc-cache", self.desk.home.kcc_cache()),
        ] {
            fs::copy(program.get_program(), store.join(name)).unwrap();
        }
        for (link, target) in self.layout.links {
            let link = self.root.join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let _ = fs::remove_file(&link);
            symlink(store.join(target), link).unwrap();
        }
    }

    fn upgrade(&self) {
        self.install("0.10.0");
        if self.store("0.9.0") != self.store("0.10.0") {
            fs::remove_dir_all(self.store("0.9.0")).unwrap();
        }
    }

    fn kcc(&self, args: &[&str]) -> Output {
        let of_desk = self.desk.kcc(&[]);
        let mut kcc = Command::new(self.root.join(self.layout.kcc));
        kcc.env_clear().args(args);
        for (name, value) in of_desk.get_envs() {
            kcc.env(name, value.unwrap());
        }
        kcc.env("PATH", "/usr/bin:/bin").output().unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.desk.kubeconfig_path()).unwrap()
    }

    /// What a client gets that runs the user's command.
    fn works(&self) {
        let path = self.desk.kubeconfig_path();
        let kubeconfig = Kubeconfig::parse(&path, self.text().as_bytes()).unwrap();
        let spec = kubeconfig.users["a-user"].value.exec.clone().unwrap();
        let mut client = Command::new(&spec.command);
        client.env_clear().envs(self.desk.home.variables());
        client.envs(spec.env).args(spec.args);
        client.env("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED", "0");
        let output = client.output().unwrap();
        assert!(quiet(&output).contains("\"token-1\""));
        assert_eq!(self.desk.plugin.runs(), 1);
    }

    fn writes_what_lasts(&self) {
        let kubeconfig: serde_json::Value = serde_json::from_str(&self.text()).unwrap();
        let exec = &kubeconfig["users"][0]["user"]["exec"];
        let command = self.root.join(self.layout.command);
        assert_eq!(exec["command"], command.to_str().unwrap());
        let plugin = self.desk.plugin.path();
        let own = self.layout.args.iter().copied();
        let args: Vec<&str> = own.chain([plugin.to_str().unwrap(), "x"]).collect();
        assert_eq!(exec["args"], json!(args));
    }
}

#[test]
fn an_injection_outlives_an_upgrade() {
    for layout in [&KREW].into_iter().chain(&OTHERS) {
        let machine = Machine::new(layout);
        let before = machine.text();
        quiet(&machine.kcc(&["inject"]));
        machine.writes_what_lasts();
        machine.works();
        machine.upgrade();
        machine.works();
        assert!(quiet(&machine.kcc(&["inject"])).contains("already"));
        quiet(&machine.kcc(&["eject"]));
        assert_eq!(machine.text(), before);
    }
}

#[test]
fn an_old_path_of_one_version_is_told_and_replaced() {
    for layout in [&KREW].into_iter().chain(&OTHERS[..3]) {
        let machine = Machine::new(layout);
        let before = machine.text();
        let old = machine.store("0.9.0").join("kcc-cache");
        let old = old.to_str().unwrap();
        quiet(&machine.kcc(&["inject", "--command", old]));
        assert!(machine.text().contains(old));
        let told = machine.kcc(&["doctor"]);
        let warned = format!("an upgrade removes its command {old}");
        assert!(stdout(&told).contains(&warned), "{}", stdout(&told));
        machine.upgrade();
        let told = machine.kcc(&["doctor"]);
        assert_eq!(code(&told), 1);
        for words in ["an upgrade has removed it", "kcc inject --user a-user"] {
            assert!(stdout(&told).contains(words), "{}", stdout(&told));
        }
        let said = machine.kcc(&["inject"]);
        assert!(quiet(&said).contains("updated"), "{}", stdout(&said));
        machine.writes_what_lasts();
        machine.works();
        let told = machine.kcc(&["doctor"]);
        assert!(!stdout(&told).contains("an upgrade"), "{}", stdout(&told));
        assert_eq!(code(&told), 0, "{}", stdout(&told));
        quiet(&machine.kcc(&["eject"]));
        assert_eq!(machine.text(), before);
    }
}

#[test]
fn krews_folder_in_path_is_no_place_that_lasts() {
    let machine = Machine::new(&KREW);
    let mut kcc = Command::new(machine.root.join(KREW.kcc));
    let of_desk = machine.desk.kcc(&["inject"]);
    kcc.env_clear().arg("inject");
    for (name, value) in of_desk.get_envs() {
        kcc.env(name, value.unwrap());
    }
    let folder: &Path = &machine.store("0.9.0");
    let path = std::env::join_paths([folder, "/bin".as_ref()]).unwrap();
    quiet(&kcc.env("PATH", path).output().unwrap());
    machine.writes_what_lasts();
}

#[test]
fn where_nothing_lasts_it_is_said() {
    const ALONE: Layout = Layout {
        store: "opt/kcc/VERSION",
        links: &[],
        kcc: "opt/kcc/0.9.0/kcc",
        command: "opt/kcc/0.9.0/kcc-cache",
        args: &[],
    };
    let machine = Machine::new(&ALONE);
    let said = machine.kcc(&["inject"]);
    assert_eq!(code(&said), 0);
    assert!(
        stderr(&said).contains("an upgrade removes"),
        "{}",
        stderr(&said)
    );
    machine.writes_what_lasts();
}
