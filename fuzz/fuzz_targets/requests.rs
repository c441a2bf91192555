//! Requests: a line with the method and the query string, then headers, then a body behind an empty line.

#![no_main]

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::Bench;

fuzz_target!(|input: &[u8]| {
    let Some(request) = request(input) else {
        return;
    };
    Bench::with(
        |builder| {
            builder
                .cors_allowed_origins(["https://example.com"])
                .trusted_proxies(["10.0.0.0/8", "192.0.2.0/24"])
        },
        async |io, _| {
            let answer = Bench::send(&io, request);
            // A poll without messages waits for some.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), answer).await;
        },
    );
});

fn request(input: &[u8]) -> Option<Request<Bytes>> {
    let mut lines = input.split(|byte| *byte == b'\n');
    let line = lines.next()?;
    let (method, query) = line.split_at(line.iter().position(|byte| *byte == b' ')?);
    let target = [b"/socket.io/?", &query[1..]].concat();
    let mut request = Request::builder()
        .method(method)
        .uri(Uri::try_from(target).ok()?)
        .extension(socketio_core::PeerAddr(([192, 0, 2, 1], 1).into()))
        .body(Bytes::new())
        .ok()?;
    for line in lines.by_ref() {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            break;
        };
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    *request.body_mut() = lines.next().map_or(Bytes::new(), Bytes::copy_from_slice);
    Some(request)
}
