//! A TCP proxy that spoils the link to a real server: it cuts, stalls, slows, refuses.
//!
//! ```no_run
//! use harness::proxy::Proxy;
//!
//! let server = "127.0.0.1:26384".parse()?;
//! let mut proxy = Proxy::start(server)?;
//! // Clients go to proxy.url(): the server's certificate is good for 127.0.0.1 on any port.
//! proxy.cut_all();
//! proxy.stall();
//! proxy.resume();
//! proxy.refuse();
//! proxy.accept()?;
//! # Ok::<(), anyhow::Error>(())
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::listening::Listening;

/// A proxy on a free port of 127.0.0.1, on a thread of its own, until this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: SocketAddr,
    link: watch::Sender<Link>,
    counts: Arc<Counts>,
    /// `None` while connections are refused.
    listening: Option<Listening>,
    runtime: Option<Runtime>,
}

/// The state of all connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Link {
    stalled: bool,
    bytes_per_second: Option<NonZeroU32>,
    /// Rises when all connections are to be cut.
    cuts: u64,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    open: AtomicUsize,
    bytes: AtomicU64,
    to_clients: AtomicU64,
}

impl Proxy {
    /// Starts to pass connections on to `target`.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fault-proxy")
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        let mut proxy = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            target,
            link: watch::Sender::new(Link::default()),
            counts: Arc::default(),
            listening: None,
            runtime: Some(runtime),
        };
        proxy.accept()?;
        Ok(proxy)
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As in `https://127.0.0.1:26384`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Resets all connections; new ones are welcome.
    pub fn cut_all(&self) {
        self.link.send_modify(|link| link.cuts += 1);
    }

    /// Lets no byte pass in either direction. Connections stay, and new ones are taken.
    pub fn stall(&self) {
        self.link.send_modify(|link| link.stalled = true);
    }

    /// Ends a stall; no byte is lost.
    pub fn resume(&self) {
        self.link.send_modify(|link| link.stalled = false);
    }

    /// Lets each direction of each connection pass so many bytes a second; `None` for all there are.
    pub fn set_pace(&self, bytes_per_second: Option<NonZeroU32>) {
        self.link
            .send_modify(|link| link.bytes_per_second = bytes_per_second);
    }

    /// Refuses new connections; those that are open stay.
    pub fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.close();
        }
    }

    /// Takes connections again after [`Proxy::refuse`], on the same port.
    ///
    /// # Errors
    /// Where the port cannot be had.
    pub fn accept(&mut self) -> Result<()> {
        let Some(runtime) = self.runtime.as_ref().filter(|_| self.listening.is_none()) else {
            return Ok(());
        };
        let passing = Passing {
            target: self.target,
            link: self.link.subscribe(),
            counts: self.counts.clone(),
        };
        let take = move |client| drop(tokio::spawn(passing.clone().connection(client)));
        let (address, listening) = Listening::open(runtime, self.address, take)?;
        (self.address, self.listening) = (address, Some(listening));
        Ok(())
    }

    /// How many connections were taken.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// How many bytes have passed, in both directions.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::SeqCst)
    }

    /// How many of them went to clients.
    pub fn bytes_to_clients(&self) -> u64 {
        self.counts.to_clients.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What each connection needs.
#[derive(Debug, Clone)]
struct Passing {
    target: SocketAddr,
    link: watch::Receiver<Link>,
    counts: Arc<Counts>,
}

impl Passing {
    async fn connection(self, client: TcpStream) {
        let open = Open::new(self.counts.clone());
        let cuts = self.link.borrow().cuts;
        let mut link = self.link.clone();
        // Both ends are reset, not closed, when this is dropped with them open.
        let _ = (client.set_nodelay(true), client.set_zero_linger());
        tokio::select! {
            _ = link.wait_for(|link| link.cuts != cuts) => {}
            _ = self.pass(client) => {}
        }
        drop(open);
    }

    async fn pass(&self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.target).await?;
        let _ = (server.set_nodelay(true), server.set_zero_linger());
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::try_join!(
            self.pipe(from_client, to_server, None),
            self.pipe(from_server, to_client, Some(&self.counts.to_clients))
        )?;
        Ok(())
    }

    async fn pipe(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        counted: Option<&AtomicU64>,
    ) -> io::Result<()> {
        let mut link = self.link.clone();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            // A slow link passes a tenth of a second's bytes at a time.
            let pace = link.borrow_and_update().bytes_per_second;
            let room = pace.map_or(buffer.len(), |pace| {
                (pace.get() as usize / 10).clamp(1, buffer.len())
            });
            let count = from.read(&mut buffer[..room]).await?;
            self.flowing(&mut link).await;
            if count == 0 {
                return to.shutdown().await;
            }
            to.write_all(&buffer[..count]).await?;
            self.counts.bytes.fetch_add(count as u64, Ordering::SeqCst);
            if let Some(counted) = counted {
                counted.fetch_add(count as u64, Ordering::SeqCst);
            }
            if let Some(pace) = pace {
                let time = count as u64 * 1_000_000 / u64::from(pace.get());
                tokio::time::sleep(Duration::from_micros(time)).await;
            }
        }
    }

    async fn flowing(&self, link: &mut watch::Receiver<Link>) {
        // An error means that the proxy ends, and this task with it.
        let _ = link.wait_for(|link| !link.stalled).await;
    }
}

/// Counts the connections that are open.
struct Open(Arc<Counts>);

impl Open {
    fn new(counts: Arc<Counts>) -> Self {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        counts.open.fetch_add(1, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}
