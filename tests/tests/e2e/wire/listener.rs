//! A server that writes down what it was sent, whether over TLS or not.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::Failed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, ServerConnection, SignatureScheme,
    StreamOwned,
};

/// A client that sends nothing is of no interest any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) is_tls: bool,
    /// The request's first line.
    pub(super) request: String,
    pub(super) authorization: Option<String>,
    pub(super) impersonates: Option<String>,
    pub(super) has_certificate: bool,
}

/// HTTP/1.1 on one port, with TLS and without.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Listener {
    /// Answers everything with this status and an empty object, or a `Status` where it is an error.
    pub(super) fn start(pki: &Path, status: u16) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let listening = Self {
            address: listener.local_addr()?,
            seen: Arc::default(),
        };
        let (tls, seen) = (Arc::new(tls(pki)?), Arc::clone(&listening.seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, seen) = (Arc::clone(&tls), Arc::clone(&seen));
                // One that fails was given up by its client.
                std::thread::spawn(move || serve(stream, tls, status, &seen));
            }
        });
        Ok(listening)
    }

    /// What has come since the last call.
    pub(super) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    status: u16,
    seen: &Mutex<Vec<Seen>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut first = [0];
    stream.peek(&mut first)?;
    // A TLS record of a handshake.
    if first == [0x16] {
        let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let head = head(&mut stream)?;
        let mut one = read(&head, true);
        one.has_certificate = stream.conn.peer_certificates().is_some();
        answer(&mut stream, one, status, seen)?;
        stream.conn.send_close_notify();
        stream.flush()
    } else {
        let mut stream = stream;
        let head = head(&mut stream)?;
        answer(&mut stream, read(&head, false), status, seen)
    }
}

fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn read(head: &str, is_tls: bool) -> Seen {
    let header = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.to_owned())
    };
    Seen {
        is_tls,
        request: head.lines().next().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        impersonates: header("impersonate-user"),
        has_certificate: false,
    }
}

fn answer(
    stream: &mut impl Write,
    one: Seen,
    status: u16,
    seen: &Mutex<Vec<Seen>>,
) -> io::Result<()> {
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(one);
    let body = if status < 400 {
        "{}".to_owned()
    } else {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"who are you","reason":"Unauthorized","code":{status}}}"#
        )
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}

/// The cluster's own certificate; a client may show one, whoever that is.
fn tls(pki: &Path) -> Result<ServerConfig, Failed> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(pki.join("server.crt"))?.collect();
    let key = PrivateKeyDer::from_pem_file(pki.join("server.key"))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(Anybody))
        .with_single_cert(chain?, key)?;
    Ok(config)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

#[derive(Debug)]
struct Anybody;

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
