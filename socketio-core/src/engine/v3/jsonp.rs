//! JSONP: polls are answered with a script that calls a function of the page, and POSTs come from a form.

use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderValue, Uri, header, request::Parts};

/// Returns a script that passes a payload to the callback of the client.
pub(in crate::engine) fn script(index: u32, payload: &str) -> String {
    let mut script = String::with_capacity(payload.len() + payload.len() / 8 + 24);
    _ = write!(script, "___eio[{index}](\"");
    for char in payload.chars() {
        match char {
            '"' => script.push_str("\\\""),
            '\\' => script.push_str("\\\\"),
            '\n' => script.push_str("\\n"),
            '\r' => script.push_str("\\r"),
            // Line ends in JavaScript, but not in JSON; and `<`, so that no text can end a `<script>` element or begin a
            // comment.
            '\u{2028}' | '\u{2029}' | '<' | '\0'..='\u{1f}' => {
                _ = write!(script, "\\u{:04x}", u32::from(char));
            }
            char => script.push(char),
        }
    }
    script.push_str("\");");
    script
}

/// Returns the payload in the field `d` of a form; `None` if there is none, or more than one.
pub(super) fn unwrap_form(body: &[u8]) -> Option<Bytes> {
    let mut fields = form_urlencoded::parse(body).filter(|(name, _)| name == "d");
    let (_, payload) = fields.next()?;
    fields.next().is_none().then(|| unescape(&payload).into())
}

/// Restores line feeds. Clients write `\n` for one, because browsers change line feeds in forms, and then one more backslash
/// in front of a `\n` that was there before.
fn unescape(payload: &str) -> String {
    let mut text = String::with_capacity(payload.len());
    let mut rest = payload;
    while let Some(position) = rest.find("\\n") {
        // `find` stops at the last backslash of several.
        match rest[..position].strip_suffix('\\') {
            Some(before) => {
                text.push_str(before);
                text.push_str("\\n");
            }
            None => {
                text.push_str(&rest[..position]);
                text.push('\n');
            }
        }
        rest = &rest[position + 2..];
    }
    text.push_str(rest);
    text
}

/// Returns the origin of the page that runs JSONP, if its request has no `Origin`: a script element sends none, so that any
/// page on the web could read what the server sends to its visitor. The `Referer` takes its place, or else what the browser
/// says about the site.
pub(in crate::engine) fn page(request: &Parts) -> Option<HeaderValue> {
    let headers = &request.headers;
    if headers.contains_key(header::ORIGIN) {
        return None;
    }
    let unknown = HeaderValue::from_static("null");
    if let Some(referer) = headers.get(header::REFERER) {
        return Some(origin_of(referer).unwrap_or(unknown));
    }
    let site = headers.get("sec-fetch-site")?;
    (site != "same-origin" && site != "none").then_some(unknown)
}

fn origin_of(referer: &HeaderValue) -> Option<HeaderValue> {
    let page: Uri = referer.to_str().ok()?.parse().ok()?;
    let origin = format!("{}://{}", page.scheme()?, page.authority()?);
    origin.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_can_hold_any_text() {
        assert_eq!(script(7, "6:4hello"), r#"___eio[7]("6:4hello");"#);
        assert_eq!(
            script(0, "\"\\\n\r\t\0\u{2028}\u{2029}</script><!--é😀"),
            r#"___eio[0]("\"\\\n\r\u0009\u0000\u2028\u2029\u003c/script>\u003c!--é😀");"#
        );
        let text = "a \u{1}\u{1f} \u{7f}\"\\'</\u{2028}";
        let script = script(0, text);
        let json = &script["___eio[0](".len()..script.len() - 2];
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), text);
    }

    #[test]
    fn line_feeds_and_escaped_ones_are_restored() {
        for (sent, payload) in [
            ("a", "a"),
            (r"a\nb", "a\nb"),
            (r"a\\nb", r"a\nb"),
            (r"a\\\nb", r"a\\nb"),
            (r"\n\\n\n", "\n\\n\n"),
            (r"\\", r"\\"),
            (r"\", r"\"),
            ("é\\n", "é\n"),
        ] {
            assert_eq!(unescape(sent), payload, "{sent}");
        }
    }

    #[test]
    fn a_form_has_one_payload() {
        assert_eq!(unwrap_form(b"d=2%3A4+x").unwrap(), "2:4 x");
        assert_eq!(unwrap_form(b"a=b&d=1%3A2").unwrap(), "1:2");
        assert_eq!(unwrap_form(b"d=1&d=2"), None);
        assert_eq!(unwrap_form(b"1:2"), None);
        assert_eq!(unwrap_form(b""), None);
    }

    #[test]
    fn the_page_is_known_by_its_referer_or_its_site() {
        let page = |headers: &[(&str, &str)]| {
            let request = headers.iter().fold(
                http::Request::get("/engine.io/"),
                |request, (name, value)| request.header(*name, *value),
            );
            let page = page(&request.body(()).unwrap().into_parts().0);
            page.map(|origin| origin.to_str().unwrap().to_owned())
        };
        let referer = |page| ("referer", page);
        let site = |site| ("sec-fetch-site", site);
        let known = |origin: &str| Some(origin.to_owned());
        assert_eq!(page(&[]), None);
        assert_eq!(
            page(&[referer("https://a.test:1/b?q")]),
            known("https://a.test:1")
        );
        assert_eq!(page(&[referer("nonsense")]), known("null"));
        assert_eq!(page(&[site("same-origin")]), None);
        assert_eq!(page(&[site("cross-site")]), known("null"));
        assert_eq!(page(&[site("same-site")]), known("null"));
        let both = [referer("http://a.test/"), site("cross-site")];
        assert_eq!(page(&both), known("http://a.test"));
        let checked = [("origin", "http://b.test"), referer("http://a.test/")];
        assert_eq!(page(&checked), None);
    }
}
