use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::{Injection, TEXT, refused};
use crate::quiet;

const SYNC: [&str; 3] = ["sync", "--command", "kcc-cache"];

#[test]
fn once_it_tells_only_what_it_changed() {
    let bench = Injection::new();
    let said = bench.desk.run(&SYNC);
    assert_eq!(quiet(&said).lines().count(), 2);
    assert!(quiet(&said).contains("prod-user: injected: kcc-cache before aws\n"));
    assert_eq!(quiet(&bench.desk.run(&SYNC)), "");
    quiet(&bench.eject(&[]));
    assert_eq!(bench.text(), TEXT);
    fs::write(&bench.path, "users: [").unwrap();
    refused(&bench.desk.run(&SYNC), &["config:1:8: invalid kubeconfig"]);
}

/// `kcc sync --watch`, and what it says.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(bench: &Injection) -> Self {
        let mut command = bench.desk.kcc(&[&SYNC[..], &["--watch"]].concat());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let tell = |stream: Box<dyn std::io::Read + Send>| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(stream).lines();
                while let Some(Ok(line)) = lines.next() {
                    let _ = sender.send(line);
                }
            });
        };
        let stdout: ChildStdout = child.stdout.take().unwrap();
        tell(Box::new(stdout));
        tell(Box::new(child.stderr.take().unwrap()));
        Self { child, lines }
    }

    /// The next line; only a hang comes to the end of the patience.
    fn says(&self, words: &str) {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.contains(words), "{line}");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watching_it_injects_what_others_write() {
    let bench = Injection::new();
    fs::remove_file(&bench.path).unwrap();
    let watch = Watch::start(&bench);
    let both_are_injected = || {
        watch.says("prod-user: injected");
        watch.says("dev-user: injected");
        assert_eq!(bench.text().matches("command: kcc-cache").count(), 2);
    };
    // A file that comes, one that is written in place, one that is replaced, one of which a part
    // came first.
    fs::write(&bench.path, TEXT).unwrap();
    both_are_injected();
    fs::write(&bench.path, TEXT).unwrap();
    both_are_injected();
    let beside = bench.path.with_file_name("new");
    fs::write(&beside, TEXT).unwrap();
    fs::rename(&beside, &bench.path).unwrap();
    both_are_injected();
    fs::write(&bench.path, &TEXT[..TEXT.find("'https").unwrap() + 3]).unwrap();
    watch.says("config:");
    fs::write(&bench.path, TEXT).unwrap();
    both_are_injected();
    fs::remove_file(&bench.path).unwrap();
    fs::write(&bench.path, TEXT.replace("prod", "prod2")).unwrap();
    watch.says("prod2-user: injected");
}
