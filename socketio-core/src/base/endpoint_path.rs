//! [`EndpointPath`]: the path of an HTTP endpoint, as requests contain it.

use std::fmt::Write;

/// The path of an HTTP endpoint, with slashes at both ends, and what is wrong with it, if anything.
pub(crate) struct EndpointPath {
    pub(crate) path: String,
    pub(crate) problem: Option<String>,
}

impl EndpointPath {
    /// Adds slashes at both ends, and checks that requests can contain the path.
    pub(crate) fn new(path: &str) -> Self {
        let inner = path.trim_matches('/');
        let encoded = encoded(inner);
        let problem = if inner.is_empty() || inner.contains(['?', '#']) {
            Some(format!(
                "the path {path:?} must name at least one segment, without `?` and `#`"
            ))
        } else if inner.contains("://") {
            Some(format!(
                "{path:?} is a URL: write its path only, such as `/socket.io/`"
            ))
        } else if encoded != inner {
            Some(format!(
                "no request has the path {path:?}: write it as URLs do, \"/{encoded}/\""
            ))
        } else {
            None
        };
        EndpointPath {
            path: format!("/{inner}/"),
            problem,
        }
    }
}

/// Encodes the characters that the path of a URL can't contain.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'%' | b'/' => encoded.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) => {
                encoded.push(byte.into());
            }
            // Writing to a `String` does not fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_no_request_has_is_reported_with_the_one_that_it_would_have() {
        for (path, cure) in [
            ("/", "at least one segment"),
            ("/a?b", "without `?`"),
            ("https://a.test/socket.io/", "its path only"),
            ("/my chat", "\"/my%20chat/\""),
            ("/gespr\u{e4}ch/", "\"/gespr%C3%A4ch/\""),
            ("/a{b}", "\"/a%7Bb%7D/\""),
        ] {
            let problem = EndpointPath::new(path).problem.unwrap_or_default();
            assert!(problem.contains(cure), "{path}: {problem}");
        }
        for path in ["socket.io", "/a/b/", "a%20b", "~ana/@x"] {
            let endpoint = EndpointPath::new(path);
            assert_eq!(endpoint.problem, None);
            assert_eq!(endpoint.path, format!("/{}/", path.trim_matches('/')));
        }
    }
}
