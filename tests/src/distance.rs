use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A server at a distance: a port of this machine behind which another one answers, but not at
/// once. It ends with the process.
#[derive(Debug)]
pub struct Distance {
    address: SocketAddr,
}

impl Distance {
    /// Whatever is sent to or from `server` takes this long.
    pub fn to(server: SocketAddr, delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if let Err(error) = forward(&near, server, delay) {
                    // Whoever connected sees its connection end.
                    drop((near, error));
                }
            }
        });
        Ok(Self { address })
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn forward(near: &TcpStream, server: SocketAddr, delay: Duration) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    let (near_too, far_too) = (near.try_clone()?, far.try_clone()?);
    let near = near.try_clone()?;
    thread::spawn(move || carry(near, far, delay));
    thread::spawn(move || carry(far_too, near_too, delay));
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        thread::sleep(delay);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
