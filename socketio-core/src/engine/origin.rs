//! The check of configured origins, for `build()`.

/// Returns why no browser sends this text as an `Origin` header, with the cure; `None` if one may.
pub(super) fn problem(origin: &str) -> Option<String> {
    let refused = |why: &str| Some(format!("the origin {origin:?} matches no page: {why}"));
    if origin == "null" {
        return None;
    }
    if origin.contains('*') {
        return refused("there are no patterns; use `Cors::Any`, or `Cors::check` with a function");
    }
    let Some((scheme, host)) = origin.split_once("://") else {
        return refused("write scheme, host and port, as in `https://example.org:8443`");
    };
    if let Some((host, _)) = host.split_once(['/', '?', '#']) {
        return refused(&format!("an origin has no path, write `{scheme}://{host}`"));
    }
    if host.contains('@') {
        return refused("an origin has no user");
    }
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return refused("its scheme is invalid");
    }
    if !origin.is_ascii() {
        return refused("browsers write such a host in Punycode, `https://xn--…`");
    }
    if origin
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        return refused("it contains whitespace");
    }
    let lower = origin.to_ascii_lowercase();
    if lower != origin {
        return refused(&format!("browsers write it in lower case, `{lower}`"));
    }
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    if let Some(without) = origin.strip_suffix(default_port) {
        return refused(&format!("browsers leave that port out, write `{without}`"));
    }
    if host.is_empty() || host.starts_with(':') {
        return refused("it has no host");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn what_browsers_send_is_fine() {
        for origin in [
            "https://example.org",
            "http://localhost:3000",
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
            "chrome-extension://abcdefgh",
            "file://",
            "null",
        ] {
            assert_eq!(problem(origin), None);
        }
    }

    #[test]
    fn what_they_never_send_is_told_with_the_cure() {
        for (origin, cure) in [
            ("https://a.test/", "write `https://a.test`"),
            ("https://a.test/app", "write `https://a.test`"),
            ("https://a.test?x", "write `https://a.test`"),
            ("a.test", "as in `https://example.org:8443`"),
            ("", "as in `https://example.org:8443`"),
            ("https://", "no host"),
            ("https://:8443", "no host"),
            ("://a.test", "its scheme is invalid"),
            ("https://me@a.test", "no user"),
            ("https://*.a.test", "`Cors::check`"),
            ("*", "`Cors::Any`"),
            ("https://A.test", "`https://a.test`"),
            ("https://bücher.test", "Punycode"),
            ("https://a.test ", "whitespace"),
            ("https://a.test:443", "write `https://a.test`"),
            ("http://a.test:80", "write `http://a.test`"),
        ] {
            let problem = problem(origin).unwrap();
            assert!(problem.contains(cure), "{problem}");
        }
    }
}
