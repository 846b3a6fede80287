//! One answer, read to its end.

use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use tokio::time::Instant;

use super::connection::{self, Part};
use crate::failure::Failure;

/// Longer than a server takes for a request that is no watch (`--request-timeout`).
pub(super) const PATIENCE: Duration = Duration::from_secs(70);

/// Sends a request, and reads the whole body of its answer.
pub(crate) async fn read(client: &Client, request: Request<Body>) -> Result<Vec<u8>, Failure> {
    let mut incoming = connection::send(client, request, Instant::now() + PATIENCE).await?;
    let mut body = Vec::new();
    loop {
        match incoming.part_within(PATIENCE).await {
            Part::Chunk(chunk) => body.extend_from_slice(&chunk),
            Part::End(None) => return Ok(body),
            Part::End(Some(failure)) => return Err(failure),
        }
    }
}
