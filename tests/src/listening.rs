//! A listening port that is closed when its owner says so, not some time later.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A port that is open.
#[derive(Debug)]
pub(crate) struct Listening {
    /// Dropped to end it.
    _stop: oneshot::Sender<()>,
    /// In a lock so that the owner can be shared.
    closed: Mutex<mpsc::Receiver<()>>,
}

impl Listening {
    /// Opens a port (a free one for 0) and gives each connection to `take`, on `runtime`.
    pub(crate) fn open(
        runtime: &Runtime,
        address: SocketAddr,
        take: impl Fn(TcpStream) + Send + 'static,
    ) -> Result<(SocketAddr, Self)> {
        let listener = std::net::TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let (closing, closed) = mpsc::channel::<()>();
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        runtime.spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = accept_all(&listener, take) => {}
            }
            drop(listener);
            drop(closing);
        });
        Ok((
            address,
            Self {
                _stop: stop,
                closed: Mutex::new(closed),
            },
        ))
    }

    /// Returns when the port is closed. It may be called inside of another runtime.
    pub(crate) fn close(self) {
        let Self {
            _stop: stop,
            closed,
        } = self;
        drop(stop);
        // It ends when the other side is dropped.
        let closed = closed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let _ = closed.recv();
    }
}

async fn accept_all(listener: &TcpListener, take: impl Fn(TcpStream)) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => take(stream),
            // Out of file descriptors, or a client that went away at once.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
