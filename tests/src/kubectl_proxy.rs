use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A `kubectl proxy` on a free port: one process, a request for each call.
#[derive(Debug)]
pub struct KubectlProxy {
    process: Child,
    address: String,
}

impl KubectlProxy {
    /// Starts it; `kubectl` is the command without a verb.
    ///
    /// # Errors
    /// Where kubectl cannot be run, or does not say where it listens.
    pub fn start(mut kubectl: Command) -> Result<Self> {
        kubectl.args(["proxy", "--port=0"]);
        kubectl.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = kubectl.spawn().context("cannot start kubectl proxy")?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().unwrap_or_default();
        let address = address.to_owned();
        Ok(Self { process, address })
    }

    /// As in `http://127.0.0.1:26384`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The status of the response to a GET.
    ///
    /// # Errors
    /// Where it is not there, or says no status.
    pub fn status(&self, path: &str) -> Result<u16> {
        let address = &self.address;
        let mut stream = TcpStream::connect(address).context("kubectl proxy is not there")?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let status = response.split(' ').nth(1);
        status
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("no status: {response:?}"))
    }
}

impl Drop for KubectlProxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
