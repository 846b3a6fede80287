//! An API server for one collection that sends bytes which were ready before the first request.
//!
//! Plain HTTP, because TLS costs every client the same and would only blur what is compared. Events
//! come one HTTP chunk each, as the real server flushes them.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::{Condvar, Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::pods::{LISTED, Pod, order};

/// What a path begins with under which streaming lists are refused, as by a server older than they.
pub(crate) const NO_STREAMS: &str = "/no-streams";

/// All that is sent.
struct Bytes {
    /// The objects of the list with commas between them, and where each stands.
    items: Vec<u8>,
    places: Vec<Range<usize>>,
    /// The initial events of a streaming list with the bookmark that ends them, as HTTP chunks.
    initial: Vec<u8>,
    /// The updates and the marker, as HTTP chunks.
    updates: Vec<u8>,
}

impl Bytes {
    fn new(count: usize) -> Result<Self> {
        let (mut items, mut initial, mut updates) = (Vec::new(), Vec::new(), Vec::new());
        let mut places = Vec::with_capacity(count);
        let mut body = String::new();
        for number in order(count) {
            body.clear();
            Pod::listed(number).write(&mut body)?;
            if !items.is_empty() {
                items.push(b',');
            }
            let from = items.len();
            write!(items, "{{{body}")?;
            places.push(from..items.len());
            event(&mut initial, "ADDED", &body)?;
        }
        event(&mut initial, "BOOKMARK", &bookmark())?;
        for place in 0..count {
            body.clear();
            Pod::updated(place, count).write(&mut body)?;
            event(&mut updates, "MODIFIED", &body)?;
        }
        body.clear();
        Pod::marker(count).write(&mut body)?;
        event(&mut updates, "ADDED", &body)?;
        Ok(Self {
            items,
            places,
            initial,
            updates,
        })
    }
}

/// One event as one chunk. Items of lists carry no kind, objects of events do.
fn event(out: &mut Vec<u8>, kind: &str, body: &str) -> io::Result<()> {
    let head = format!(r#"{{"type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","#);
    let length = head.len() + body.len() + 2;
    write!(out, "{length:x}\r\n{head}{body}}}\n\r\n")
}

fn bookmark() -> String {
    format!(
        r#""metadata":{{"resourceVersion":"{LISTED}","annotations":{{"k8s.io/initial-events-end":"true"}}}},"spec":{{"containers":null}},"status":{{}}}}"#
    )
}

/// The watches that wait for updates, and how often those were released.
#[derive(Default)]
struct Gate {
    state: Mutex<(usize, u64)>,
    changed: Condvar,
}

impl Gate {
    /// Waits as a watch for the next release.
    fn pass(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, before) = *state;
        state.0 += 1;
        self.changed.notify_all();
        let passed = self.changed.wait_while(state, |state| state.1 == before);
        passed.unwrap_or_else(PoisonError::into_inner).0 -= 1;
    }

    /// Lets the watches go on; the first must be there.
    fn release(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_while(state, |state| state.0 == 0);
        waited.unwrap_or_else(PoisonError::into_inner).1 += 1;
        self.changed.notify_all();
    }
}

/// Serves until stdin ends. Says its port on stdout; each line that it reads releases the updates
/// to the watch that is open, or to the next one.
pub(crate) fn serve(count: usize) -> Result<()> {
    let bytes = Bytes::new(count)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    let gate = Gate::default();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for stream in listener.incoming().flatten() {
                // A client that is gone while it is sent to is what the end of a run looks like.
                threads.spawn(|| drop(connection(stream, &bytes, &gate)));
            }
        });
        for _ in io::stdin().lines() {
            gate.release();
        }
        // The threads above never end by themselves.
        std::process::exit(0)
    })
}

fn connection(mut stream: TcpStream, bytes: &Bytes, gate: &Gate) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    while let Some(target) = request(&mut requests)? {
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = Query(query);
        let (path, streams) = match path.strip_prefix(NO_STREAMS) {
            Some(path) => (path, false),
            None => (path, true),
        };
        if path != "/api/v1/pods" {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        } else if query.get("sendInitialEvents").is_some() && !streams {
            refuse(&mut stream)?;
        } else if query.get("watch").is_some_and(|watch| watch != "false") {
            return watch(stream, requests, query, bytes, gate);
        } else {
            list(&mut stream, query, bytes)?;
        }
    }
    Ok(())
}

/// The target of the next request, if there is one.
fn request(requests: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    if requests.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).context("not a request")?.to_owned();
    while line != "\r\n" {
        line.clear();
        requests.read_line(&mut line)?;
    }
    Ok(Some(target))
}

/// What stands behind the question mark; nothing in it that is looked at needs unescaping.
#[derive(Clone, Copy)]
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn get(self, name: &str) -> Option<&'a str> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

fn refuse(stream: &mut TcpStream) -> io::Result<()> {
    let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled","reason":"Invalid","code":422}"#;
    write!(
        stream,
        "HTTP/1.1 422 Unprocessable Entity\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{status}",
        status.len()
    )
}

fn list(stream: &mut TcpStream, query: Query<'_>, bytes: &Bytes) -> Result<()> {
    let count = bytes.places.len();
    let from: usize = query.get("continue").map_or(Ok(0), str::parse)?;
    let limit = query.get("limit").map_or(Ok(count), str::parse)?;
    // The watch cache answers version "0", and knows no limit.
    let limit = match query.get("resourceVersion") {
        Some("0") => count,
        _ => limit,
    };
    let to = count.min(from + limit);
    let mut metadata = format!(r#""resourceVersion":"{LISTED}""#);
    if to < count {
        write!(
            metadata,
            r#","continue":"{to}","remainingItemCount":{}"#,
            count - to
        )?;
    }
    let head =
        format!(r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{{metadata}}},"items":["#);
    let items = &bytes.items[bytes.places[from].start..bytes.places[to - 1].end];
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{head}",
        head.len() + items.len() + 3
    )?;
    stream.write_all(items)?;
    stream.write_all(b"]}\n")?;
    Ok(())
}

fn watch(
    mut stream: TcpStream,
    mut requests: impl Read,
    query: Query<'_>,
    bytes: &Bytes,
    gate: &Gate,
) -> Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    )?;
    if query.get("sendInitialEvents") == Some("true") {
        stream.write_all(&bytes.initial)?;
    }
    gate.pass();
    stream.write_all(&bytes.updates)?;
    // Open until the client goes.
    while requests.read(&mut [0; 512])? > 0 {}
    Ok(())
}
