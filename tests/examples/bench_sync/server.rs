//! An API server for one collection that sends bytes which were ready before the first request.
//!
//! Plain HTTP, because TLS costs every client the same and would only blur what is compared.

mod form;
mod bytes;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow};

use self::bytes::Bytes;
pub(crate) use self::form::{Encoding, Form};
use crate::modes::Mode;

/// What a path begins with under which nothing is sent as protobuf, as by a proxy that knows JSON only.
const NO_PROTOBUF: &str = "/no-protobuf";
/// And under which streaming lists are refused, as by a server older than they.
const NO_STREAMS: &str = "/no-streams";

/// What a path begins with for this mode's client.
pub(crate) fn path(mode: &Mode) -> String {
    let mut path = String::new();
    if mode.form.encoding == Encoding::Json {
        path += NO_PROTOBUF;
    }
    if !mode.streams {
        path += NO_STREAMS;
    }
    path
}

/// Where watches wait for what they are sent next.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The watches that wait.
    waiting: usize,
    /// How often those were released.
    released: u64,
    /// What the last one is sent.
    form: Option<Form>,
    /// Whether a list is the second one.
    is_second: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as a watch for the next release.
    fn pass(&self, form: Form) {
        let mut state = self.state();
        let before = state.released;
        state.waiting += 1;
        state.form = Some(form);
        self.changed.notify_all();
        let passed = self
            .changed
            .wait_while(state, |state| state.released == before);
        passed.unwrap_or_else(PoisonError::into_inner).waiting -= 1;
    }

    /// Lets the watches go on; the first must be there. Returns what it is sent.
    fn release(&self, is_second: bool) -> Option<Form> {
        let state = self.state();
        let waited = self.changed.wait_while(state, |state| state.waiting == 0);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.released += 1;
        state.is_second = is_second;
        self.changed.notify_all();
        state.form
    }
}

/// Serves until stdin ends. Says its port on stdout. Each line that it reads names what the watch that
/// is open, or the next one, goes on to; it says in which form. At `List` it is for the next client.
pub(crate) fn serve(count: usize, forms: &[Form]) -> Result<()> {
    let all = prepare(count, forms)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    let gate = Gate::default();
    thread::scope(|threads| {
        threads.spawn(|| {
            for stream in listener.incoming().flatten() {
                // A client that is gone while it is sent to is what the end of a run looks like.
                threads.spawn(|| drop(connection(stream, &all, &gate)));
            }
        });
        for line in io::stdin().lines().map_while(io::Result::ok) {
            if line == "List" {
                gate.state().is_second = false;
                continue;
            }
            let form = gate.release(line == "Relist").map(Form::name);
            let _ = writeln!(io::stdout(), "{}", form.unwrap_or_default());
        }
        // The threads above never end by themselves.
        std::process::exit(0)
    })
}

fn prepare(count: usize, forms: &[Form]) -> Result<Vec<Bytes>> {
    thread::scope(|threads| {
        let make = |&form| threads.spawn(move || Bytes::new(form, count));
        let made: Vec<_> = forms.iter().map(make).collect();
        let bytes = made.into_iter().map(thread::ScopedJoinHandle::join);
        bytes
            .map(|made| made.map_err(|_| anyhow!("a thread panicked"))?)
            .collect()
    })
}

fn connection(mut stream: TcpStream, all: &[Bytes], gate: &Gate) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut requests)? {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let query = Query(query);
        let (path, protobuf) = without(path, NO_PROTOBUF);
        let (path, streams) = without(path, NO_STREAMS);
        let form = Form::accepted(&request.accept, protobuf);
        let bytes = all.iter().find(|bytes| bytes.form == form);
        if path != "/api/v1/pods" {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        } else if query.get("sendInitialEvents").is_some() && !streams {
            refuse(&mut stream)?;
        } else if query.get("watch").is_some_and(|watch| watch != "false") {
            let bytes = bytes.context("a form that was not made")?;
            return watch(stream, requests, query, bytes, gate);
        } else {
            let bytes = bytes.context("a form that was not made")?;
            list(&mut stream, query, bytes, gate.state().is_second)?;
        }
    }
    Ok(())
}

/// The path behind a prefix, and whether it had none.
fn without<'a>(path: &'a str, prefix: &str) -> (&'a str, bool) {
    path.strip_prefix(prefix)
        .map_or((path, true), |path| (path, false))
}

struct Request {
    target: String,
    accept: String,
}

impl Request {
    /// The next one, if there is one.
    fn read(lines: &mut impl BufRead) -> Result<Option<Self>> {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let target = line.split(' ').nth(1).context("not a request")?.to_owned();
        let mut accept = String::new();
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("accept")
            {
                value.trim().clone_into(&mut accept);
            }
        }
        Ok(Some(Self { target, accept }))
    }
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

fn list(stream: &mut TcpStream, query: Query<'_>, bytes: &Bytes, is_second: bool) -> Result<()> {
    let from = query.get("continue").map_or(Ok(0), str::parse)?;
    // The watch cache answers version "0", and knows no limit.
    let limit = query.get("limit").map_or(Ok(usize::MAX), str::parse)?;
    let is_cached = query.get("resourceVersion") == Some("0");
    let limit = if is_cached { usize::MAX } else { limit };
    let (head, items, tail) = bytes.list(is_second).page(from, limit)?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        bytes.form.content_type(),
        head.len() + items.len() + tail.len()
    )?;
    [&head, items, tail]
        .map(|part| stream.write_all(part))
        .into_iter()
        .collect::<io::Result<()>>()?;
    Ok(())
}

fn watch(
    mut stream: TcpStream,
    mut requests: impl Read,
    query: Query<'_>,
    bytes: &Bytes,
    gate: &Gate,
) -> Result<()> {
    let parameter = match bytes.form.encoding {
        Encoding::Json => "",
        Encoding::Protobuf => ";stream=watch",
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {}{parameter}\r\nTransfer-Encoding: chunked\r\n\r\n",
        bytes.form.content_type()
    )?;
    let is_second = gate.state().is_second;
    if query.get("sendInitialEvents") == Some("true") {
        stream.write_all(&bytes.list(is_second).initial)?;
    }
    if !is_second {
        gate.pass(bytes.form);
        stream.write_all(&bytes.updates)?;
        gate.pass(bytes.form);
        stream.write_all(&bytes.form.expired()?)?;
        return Ok(stream.write_all(b"0\r\n\r\n")?);
    }
    // Open until the client goes.
    while requests.read(&mut [0; 512])? > 0 {}
    Ok(())
}
