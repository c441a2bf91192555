//! [`Cookie`]: the cookie with the id of the session, for sticky sessions.

use http::HeaderValue;

/// A cookie whose value is the id of the session, for load balancers that route by it. The response to a polling
/// handshake sets it.
///
/// ```
/// use socketio_core::engine::Cookie;
///
/// let cookie = Cookie::new("io").attribute("Max-Age", "86400").flag("Secure");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    attributes: Vec<(String, Option<String>)>,
}

impl Cookie {
    /// Creates a cookie with this name (`io` is common) and the attributes `Path=/`, `HttpOnly` and `SameSite=Lax`.
    pub fn new(name: impl Into<String>) -> Self {
        let cookie = Cookie {
            name: name.into(),
            attributes: Vec::new(),
        };
        cookie
            .attribute("Path", "/")
            .flag("HttpOnly")
            .attribute("SameSite", "Lax")
    }

    /// Sets an attribute with a value, such as `Domain`. Replaces an attribute of the same name.
    pub fn attribute(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(name.into(), Some(value.into()))
    }

    /// Sets an attribute without a value, such as `Secure`.
    pub fn flag(self, name: impl Into<String>) -> Self {
        self.set(name.into(), None)
    }

    /// Removes an attribute: `without("HttpOnly")`.
    pub fn without(mut self, name: &str) -> Self {
        self.attributes
            .retain(|(there, _)| !there.eq_ignore_ascii_case(name));
        self
    }

    fn set(self, name: String, value: Option<String>) -> Self {
        let mut cookie = self.without(&name);
        cookie.attributes.push((name, value));
        cookie
    }

    /// Returns why a browser or a header would not accept it.
    pub(crate) fn problem(&self) -> Option<String> {
        if !is_token(&self.name) {
            return Some(format!(
                "the cookie's name {:?} is invalid: use letters, digits, `-` and `_`",
                self.name
            ));
        }
        for (name, value) in &self.attributes {
            if !is_token(name) {
                return Some(format!(
                    "the cookie's attribute {name:?} has an invalid name"
                ));
            }
            let is_valid = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
            if let Some(value) = value
                && !value.bytes().all(is_valid)
            {
                return Some(format!(
                    "the cookie's attribute `{name}` can't be {value:?}: use visible ASCII characters without `;`, which ends an attribute"
                ));
            }
        }
        (self.is("SameSite", "None") && self.get("Secure").is_none()).then(|| {
            "browsers refuse a cookie with `SameSite=None` and without `Secure`: add `.flag(\"Secure\")`".into()
        })
    }

    /// Returns the `Set-Cookie` header; `None` if the cookie is invalid. To a client that uses TLS, it is `Secure`.
    pub(super) fn header(&self, sid: &str, is_secure: bool) -> Option<HeaderValue> {
        let mut text = format!("{}={sid}", self.name);
        for (name, value) in &self.attributes {
            text.push_str("; ");
            text.push_str(name);
            if let Some(value) = value {
                text.push('=');
                text.push_str(value);
            }
        }
        if is_secure && self.get("Secure").is_none() {
            text.push_str("; Secure");
        }
        HeaderValue::try_from(text).ok()
    }

    fn get(&self, name: &str) -> Option<&Option<String>> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(there, _)| there.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        matches!(self.get(name), Some(Some(is)) if is.eq_ignore_ascii_case(value))
    }
}

/// Creates a cookie with this name and the default attributes.
impl From<&str> for Cookie {
    fn from(name: &str) -> Self {
        Cookie::new(name)
    }
}

/// Returns whether the text is an HTTP token (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cookie: &Cookie) -> String {
        cookie
            .header("X", false)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn by_default_scripts_and_other_sites_do_not_see_the_cookie() {
        let cookie = Cookie::from("io");
        assert_eq!(cookie, Cookie::new("io"));
        assert_eq!(header(&cookie), "io=X; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(cookie.problem(), None);
    }

    #[test]
    fn over_tls_the_cookie_is_secure_once() {
        let text = |cookie: &Cookie| {
            cookie
                .header("X", true)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        let plain = text(&Cookie::new("io"));
        assert!(plain.ends_with("; SameSite=Lax; Secure"), "{plain}");
        let secure = text(&Cookie::new("io").flag("Secure"));
        assert_eq!(secure.matches("Secure").count(), 1);
    }

    #[test]
    fn attributes_can_be_added_replaced_and_removed() {
        let cookie = Cookie::new("io")
            .attribute("path", "/app")
            .attribute("Max-Age", "60")
            .flag("Secure")
            .without("httponly")
            .attribute("SameSite", "None");
        let expected = "io=X; path=/app; Max-Age=60; Secure; SameSite=None";
        assert_eq!(header(&cookie), expected);
        assert_eq!(cookie.problem(), None);
    }

    #[test]
    fn a_cookie_that_browsers_refuse_is_a_problem() {
        for (cookie, expected) in [
            (Cookie::new(""), "name \"\""),
            (Cookie::new("a b"), "name \"a b\""),
            (Cookie::new("io=1"), "name \"io=1\""),
            (Cookie::new("io").flag("Secure; Path=/x"), "invalid name"),
            (
                Cookie::new("io").attribute("Path", "/;x"),
                "`Path` can't be",
            ),
            (
                Cookie::new("io").attribute("Path", "/\r\nx: y"),
                "`Path` can't be",
            ),
            (Cookie::new("io").attribute("Path", "/ü"), "`Path` can't be"),
            (
                Cookie::new("io").attribute("samesite", "none"),
                ".flag(\"Secure\")",
            ),
        ] {
            let problem = cookie.problem().unwrap();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
