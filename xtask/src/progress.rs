//! Builds by cargo whose progress can be seen from the first second: cargo's own on a terminal, and
//! a line every ten seconds in a pipe.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::step;

const INTERVAL: Duration = Duration::from_secs(10);

/// What cargo says of each crate, and nobody reads in a log.
const STATUS: [&str; 8] = [
    "Adding",
    "Compiling",
    "Downloaded",
    "Downloading",
    "Executable",
    "Finished",
    "Locking",
    "Updating",
];

/// Runs a cargo that builds, and gives the programs that it says it made.
///
/// # Errors
/// Where it cannot be started or does not succeed.
pub(crate) fn build(what: &str, mut cargo: Command) -> Result<Vec<PathBuf>> {
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.stdout(Stdio::piped());
    step::say(&format!("Building {what} ..."));
    if !io::stderr().is_terminal() {
        // The bar says how far it is.
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "always");
        cargo.env("CARGO_TERM_PROGRESS_WIDTH", "120");
        cargo.stderr(Stdio::piped());
    }
    let mut child = cargo.spawn().context("cannot run cargo")?;
    let shown = child.stderr.take().map(|stderr| {
        let (send, pieces) = channel();
        let reader = thread::spawn(move || {
            // Where nobody listens any more, the build goes on.
            read_pieces(stderr, |piece| drop(send.send(piece)));
        });
        let teller = thread::spawn(move || tell(&pieces, INTERVAL, step::say));
        (reader, teller)
    });
    let mut programs = vec![];
    for message in BufReader::new(child.stdout.take().context("no stdout")?).lines() {
        let message: serde_json::Value = serde_json::from_str(&message?)?;
        programs.extend(message["executable"].as_str().map(PathBuf::from));
    }
    let status = child.wait()?;
    if let Some((reader, teller)) = shown {
        let joined = reader.join().and_then(|()| teller.join());
        ensure!(joined.is_ok(), "the progress of {what} panicked");
    }
    ensure!(status.success(), "cargo failed to build {what}: {status}");
    Ok(programs)
}

/// Lines, and what replaces a line on a terminal.
fn read_pieces(from: impl Read, mut piece: impl FnMut(String)) {
    let mut bytes = vec![];
    for byte in BufReader::new(from).bytes().map_while(Result::ok) {
        if byte != b'\n' && byte != b'\r' {
            bytes.push(byte);
            continue;
        }
        let text = String::from_utf8_lossy(&bytes).replace("\x1b[K", "");
        bytes.clear();
        piece(text.trim_end().to_owned());
    }
}

/// Passes on what cargo complains of, and says how far it is at each interval.
fn tell(pieces: &Receiver<String>, interval: Duration, say: impl Fn(&str)) {
    let started = Instant::now();
    let mut next = interval;
    let mut state = String::from("it starts");
    loop {
        match pieces.recv_timeout(next.saturating_sub(started.elapsed())) {
            Ok(piece) => match piece.split_whitespace().next() {
                Some("Building") => {
                    let (_, crates) = piece.split_once("] ").unwrap_or_default();
                    crates.clone_into(&mut state);
                }
                Some("Blocking") => piece.trim_start().clone_into(&mut state),
                Some(word) if STATUS.contains(&word) => {}
                // A diagnostic, with its empty lines.
                _ => say(&piece),
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if started.elapsed() >= next {
            say(&format!("  {} s: {state}", started.elapsed().as_secs()));
            next += interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_bar_is_state_and_a_diagnostic_is_passed_on() {
        let stderr = "   Compiling a v1.0.0\n    Building [==>   ] 1/3: a, b\r\x1b[Kwarning: unused\n\
            \x1b[K\n    Building [===>  ] 2/3: b\r\x1b[K    Finished `dev` profile\n";
        let (send, pieces) = channel();
        read_pieces(stderr.as_bytes(), |piece| drop(send.send(piece)));
        drop(send);
        let said = RefCell::new(vec![]);
        let say = |line: &str| said.borrow_mut().push(line.to_owned());
        tell(&pieces, Duration::ZERO, say);
        let said = said.into_inner();
        let of = |text: &str| said.iter().filter(|line| *line == text).count();
        assert_eq!(of("warning: unused"), 1, "{said:?}");
        assert_eq!(of("  0 s: 1/3: a, b"), 3, "{said:?}");
        assert_eq!(said.last().unwrap(), "  0 s: 2/3: b");
    }
}
