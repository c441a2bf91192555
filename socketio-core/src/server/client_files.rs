//! [`ClientFiles`]: the official JavaScript client, served below the path of the server.
//!
//! `build()` reads the files that `serve_client` names and compresses them, so that requests are answered from memory:
//! no part of a request is used as a file name. `service` asks here before the engine, and adds the headers of CORS.

use std::{
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    io::Read,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;

use super::SocketIoBuilder;
use crate::{
    engine::{Coding, Config},
    node::Files,
};

/// The files that Socket.IO for Node serves, and nothing else: those of the client's `dist` directory.
const NAMES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

/// The size of the largest file that is kept in memory, in bytes. The client's have up to 300 kB.
pub(super) const MAX_FILE: usize = 4 << 20;

const INSTALL: &str = "install it (`npm install socket.io-client`) and name the directory `node_modules/socket.io-client/dist`";

impl SocketIoBuilder {
    /// Serves the official JavaScript client below the [`path`](SocketIoBuilder::path) of the server, so that pages load
    /// it with `<script src="/socket.io/socket.io.min.js"></script>`. Default: none.
    ///
    /// Takes a directory with the client's files, or one of them: the `dist` directory of the npm package
    /// `socket.io-client`, whose version you choose. These names are served, if they exist: `socket.io.js`,
    /// `socket.io.min.js`, `socket.io.esm.min.js`, `socket.io.msgpack.min.js`, and each of them with `.map`. A relative
    /// path starts at the working directory of the process.
    ///
    /// [`build`](SocketIoBuilder::build) reads the files, compresses them unless
    /// [`http_compression`](SocketIoBuilder::http_compression) is off, and keeps them in memory. It fails if there is none of
    /// them, or if one has more than 4 MiB (4,194,304 bytes). Browsers ask each time whether a file has changed, and are
    /// answered with 304 if it has not. Handshake hooks do not run for these requests.
    ///
    /// ```no_run
    /// # use socketio_core::SocketIo;
    /// let io = SocketIo::bare().serve_client("node_modules/socket.io-client/dist").build();
    /// ```
    pub fn serve_client(mut self, path: impl Into<PathBuf>) -> Self {
        self.client = Some(path.into());
        self
    }

    /// Reads the files of `serve_client`, for `build()`.
    pub(super) fn client_files(&mut self) -> Option<Files> {
        let path = self.client.as_deref()?;
        match ClientFiles::read(path, &self.options.engine) {
            Ok(files) => {
                let below = self.options.path.clone();
                Some(Box::new(move |request| {
                    let name = request.uri.path().strip_prefix(&*below)?;
                    files.response(name, request)
                }))
            }
            Err(problem) => {
                self.problems.push(format!("`serve_client`: {problem}"));
                None
            }
        }
    }
}

/// The files that were found.
struct ClientFiles(Vec<ClientFile>);

impl ClientFiles {
    /// Reads a directory, or one file.
    fn read(path: &Path, config: &Config) -> Result<Self, String> {
        let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let shown = shown.display();
        let mut files = Vec::new();
        if path.is_dir() {
            for name in NAMES {
                let path = path.join(name);
                if path.exists() {
                    files.push(ClientFile::read(name, &path, config)?);
                }
            }
        } else if path.exists() {
            let name = path.file_name().unwrap_or_default();
            for known in NAMES.into_iter().filter(|known| *known == name) {
                files.push(ClientFile::read(known, path, config)?);
            }
        } else {
            return Err(format!(
                "there is no {shown}, where the files of the JavaScript client should be: {INSTALL}"
            ));
        }
        if files.is_empty() {
            return Err(format!(
                "{shown} is none of the client's files ({}, ..) and contains none: {INSTALL}",
                NAMES[0]
            ));
        }
        Ok(ClientFiles(files))
    }

    /// Responds to a request for one of the files. `None` is left to the engine: other names, and preflight requests.
    fn response(&self, name: &str, request: &Parts) -> Option<Response<Full<Bytes>>> {
        let file = self.0.iter().find(|file| file.name == name)?;
        match request.method {
            Method::GET | Method::HEAD => Some(file.response(request)),
            Method::OPTIONS => None,
            _ => Some(method_not_allowed()),
        }
    }
}

/// One file, in each of its encodings.
struct ClientFile {
    name: &'static str,
    plain: Representation,
    compressed: Vec<(Coding, Representation)>,
}

impl ClientFile {
    fn read(name: &'static str, path: &Path, config: &Config) -> Result<Self, String> {
        let shown = path.display();
        if !path.is_file() {
            return Err(format!("{shown} is not a file"));
        }
        let mut content = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut content))
            .map_err(|error| format!("{shown} can't be read: {error}"))?;
        if content.len() > MAX_FILE {
            return Err(format!(
                "{shown} has more than {MAX_FILE} bytes, the limit: it is not a file of the client, or one that your application must serve"
            ));
        }
        let hash = hash(&content);
        let representation = |body: Bytes, suffix: &str| {
            let etag = HeaderValue::try_from(format!("\"{hash:016x}{suffix}\""));
            etag.map(|etag| Representation { body, etag })
                .map_err(|error| error.to_string())
        };
        let content = Bytes::from(content);
        let mut compressed = Vec::new();
        if config.http_compression && content.len() >= config.compression_threshold {
            for (coding, suffix) in [(Coding::Gzip, "-gzip"), (Coding::Deflate, "-deflate")] {
                if let Some(shorter) = coding.compress_at_once(&content) {
                    compressed.push((coding, representation(shorter, suffix)?));
                }
            }
        }
        Ok(ClientFile {
            name,
            plain: representation(content, "")?,
            compressed,
        })
    }

    /// Responds to GET and HEAD.
    fn response(&self, request: &Parts) -> Response<Full<Bytes>> {
        let accepted = Coding::accepted(&request.headers);
        let compressed = self
            .compressed
            .iter()
            .find(|(coding, _)| Some(*coding) == accepted);
        let chosen = compressed.map_or(&self.plain, |(_, shorter)| shorter);

        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, chosen.etag.clone());
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=0"),
        );
        if !self.compressed.is_empty() {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if is_known(&request.headers, &chosen.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, self.content_type());
        if let Some((coding, _)) = compressed {
            headers.insert(header::CONTENT_ENCODING, coding.header());
        }
        if request.method == Method::HEAD {
            headers.insert(header::CONTENT_LENGTH, chosen.body.len().into());
        } else {
            *response.body_mut() = Full::new(chosen.body.clone());
        }
        response
    }

    /// The types that Socket.IO for Node sends.
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(if self.name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        })
    }
}

/// What is sent for one encoding of a file. Each has an entity tag of its own, as HTTP demands of strong ones.
struct Representation {
    body: Bytes,
    etag: HeaderValue,
}

/// Returns the entity tag of a content, the same one in every process, so that the nodes of a cluster agree.
fn hash(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// Returns whether the client has the content of this tag, according to its `If-None-Match`. Proxies that compress make tags weak, which
/// does not count here (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|tag| tag.trim_ascii())
        .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let body = Bytes::from_static(br#"{"code":3,"message":"Method not allowed"}"#);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::ALLOW,
        HeaderValue::from_static("OPTIONS, GET, HEAD"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
        is_known(&headers, &HeaderValue::from_static("\"a\""))
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_weak_as_well() {
        for value in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\" ", "*"] {
            assert!(known(value), "{value}");
        }
        for value in ["", "a", "\"b\"", "\"a", "W\"a\"", "\"aa\"", "\"a-gzip\""] {
            assert!(!known(value), "{value}");
        }
    }
}
