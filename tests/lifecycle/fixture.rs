//! HTTP as text, on connections that stay open.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Much longer than any limit in these tests.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Writes a request.
pub(crate) async fn request(stream: &mut (impl AsyncWrite + Unpin), target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads until the server closes the connection.
pub(crate) async fn response(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}
