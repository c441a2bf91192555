//! [`Coding`]: compression of responses to polls, and of the files that `server` serves.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http::{HeaderMap, HeaderValue, header};
use tokio::task::yield_now;

/// The number of bytes that are compressed before the task yields.
const CHUNK: usize = 16 * 1024;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// The zlib format, which HTTP calls `deflate`.
    Deflate,
}

impl Coding {
    /// Returns the coding that the client prefers by its `Accept-Encoding`, gzip if it prefers neither; `None` if it
    /// accepts neither, or prefers an uncompressed body.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut accepted = Accepted::default();
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            value
                .to_str()
                .unwrap_or_default()
                .split(',')
                .for_each(|item| accepted.note(item));
        }
        let any = accepted.any.unwrap_or(0);
        let gzip = accepted.gzip.unwrap_or(any);
        let deflate = accepted.deflate.unwrap_or(any);
        let best = gzip.max(deflate);
        if best == 0 || best < accepted.identity.unwrap_or(0) {
            None
        } else if gzip == best {
            Some(Coding::Gzip)
        } else {
            Some(Coding::Deflate)
        }
    }

    /// Returns the value of the `Content-Encoding` header.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        })
    }

    /// Returns the compressed body if it is shorter. Uses the fastest level, and yields between chunks, so that a large
    /// body does not block the other tasks of the thread.
    pub(super) async fn compress(self, body: &Bytes) -> Option<Bytes> {
        let mut encoder = Encoder::new(self, body.len() / 4, Compression::fast());
        let mut chunks = body.chunks(CHUNK);
        encoder.write(chunks.next()?).ok()?;
        for chunk in chunks {
            yield_now().await;
            encoder.write(chunk).ok()?;
        }
        let compressed = encoder.finish().ok()?;
        (compressed.len() < body.len()).then(|| compressed.into())
    }

    /// Returns the compressed body if it is shorter. Uses the fastest level, and blocks: for files that are compressed
    /// once, at start-up.
    pub(crate) fn compress_at_once(self, body: &[u8]) -> Option<Bytes> {
        let mut encoder = Encoder::new(self, body.len() / 4, Compression::fast());
        encoder.write(body).ok()?;
        let mut compressed = encoder.finish().ok()?;
        compressed.shrink_to_fit();
        (compressed.len() < body.len()).then(|| compressed.into())
    }
}

/// The quality of each coding, in thousandths; `None` for one that is not listed.
#[derive(Default)]
struct Accepted {
    gzip: Option<u16>,
    deflate: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Accepted {
    /// Reads one item, such as `gzip;q=0.5`. An invalid item is ignored.
    fn note(&mut self, item: &str) {
        let (coding, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
        let coding = coding.trim();
        let is = |name: &str| coding.eq_ignore_ascii_case(name);
        let field = if is("gzip") || is("x-gzip") {
            &mut self.gzip
        } else if is("deflate") {
            &mut self.deflate
        } else if is("identity") {
            &mut self.identity
        } else if is("*") {
            &mut self.any
        } else {
            return;
        };
        if let Some(weight) = weight(parameter) {
            *field = Some(weight);
        }
    }
}

/// Parses `q=0.5`, and returns the quality in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok()?;
    (0.0..=1.0)
        .contains(&value)
        .then(|| (value * 1000.0).round() as u16)
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding, capacity: usize, level: Compression) -> Self {
        let room = Vec::with_capacity(capacity);
        match coding {
            Coding::Gzip => Encoder::Gzip(GzEncoder::new(room, level)),
            Coding::Deflate => Encoder::Deflate(ZlibEncoder::new(room, level)),
        }
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        match self {
            Encoder::Gzip(encoder) => encoder.write_all(chunk),
            Encoder::Deflate(encoder) => encoder.write_all(chunk),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Deflate(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::{GzDecoder, ZlibDecoder};

    use super::*;

    fn accepted(values: &[&str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        Coding::accepted(&headers)
    }

    #[test]
    fn the_client_chooses_and_gzip_wins_for_equal_weights() {
        for (values, expected) in [
            (&["gzip, deflate, br, zstd"][..], Some(Coding::Gzip)),
            (&["deflate, gzip"], Some(Coding::Gzip)),
            (&["deflate"], Some(Coding::Deflate)),
            (&["br", "X-GZIP"], Some(Coding::Gzip)),
            (&["gzip;q=0.5, deflate;q=0.9"], Some(Coding::Deflate)),
            (&["gzip ; Q = 0.001"], Some(Coding::Gzip)),
            (&["*"], Some(Coding::Gzip)),
            (&["gzip;q=0, *"], Some(Coding::Deflate)),
            (&["identity;q=0.5, gzip;q=0.5"], Some(Coding::Gzip)),
        ] {
            assert_eq!(accepted(values), expected, "{values:?}");
        }
    }

    #[test]
    fn codings_that_a_client_does_not_accept_are_not_used() {
        for values in [
            &[][..],
            &[""],
            &["br, zstd"],
            &["identity"],
            &["gzip;q=0"],
            &["gzip;q=0.000, deflate;q=0"],
            &["*;q=0"],
            &["gzip;q=0.5, identity"],
            &["gzip;q=2"],
            &["gzip;q=NaN"],
            &["gzip;level=9"],
        ] {
            assert_eq!(accepted(values), None, "{values:?}");
        }
    }

    #[tokio::test]
    async fn a_client_inflates_the_compressed_body() {
        let body = Bytes::from("4[\"event\",{\"number\":1}]\u{1e}".repeat(5_000));
        let mut text = String::new();
        let gzip = Coding::Gzip.compress(&body).await.unwrap();
        GzDecoder::new(&*gzip).read_to_string(&mut text).unwrap();
        assert!(text == body && gzip.len() < body.len() / 50);
        text.clear();
        let zlib = Coding::Deflate.compress(&body).await.unwrap();
        ZlibDecoder::new(&*zlib).read_to_string(&mut text).unwrap();
        assert!(text == body);
    }

    #[tokio::test]
    async fn a_body_that_does_not_get_shorter_is_not_compressed() {
        assert_eq!(
            Coding::Gzip.compress(&Bytes::from_static(b"4a")).await,
            None
        );
        assert_eq!(Coding::Gzip.compress(&Bytes::new()).await, None);
    }
}
