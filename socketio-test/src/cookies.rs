//! [`Cookies`]: the cookies of a client, merged from `Set-Cookie` headers.

use http::{HeaderMap, HeaderValue, header};

/// The name and the latest value of each cookie.
#[derive(Default)]
pub(crate) struct Cookies(Vec<(String, String)>);

impl Cookies {
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Applies the `Set-Cookie` headers of a response. Of their attributes, only `Max-Age` is applied: there is one
    /// server and one path.
    pub(crate) fn learn(&mut self, headers: &HeaderMap) {
        let lines = headers.get_all(header::SET_COOKIE).into_iter();
        for line in lines.filter_map(|line| line.to_str().ok()) {
            let mut parts = line.split(';').map(|part| part.split_once('='));
            let Some(Some((name, value))) = parts.next() else {
                continue;
            };
            let expired = parts.flatten().any(|(attribute, value)| {
                let seconds = value.trim().parse::<i64>();
                attribute.trim().eq_ignore_ascii_case("max-age") && seconds.is_ok_and(|s| s <= 0)
            });
            match expired {
                true => self.remove(name.trim()),
                false => self.set(name.trim(), value.trim()),
            }
        }
    }

    /// Returns the value of the `Cookie` header.
    pub(crate) fn header(&self) -> Option<Result<HeaderValue, http::Error>> {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| Ok(HeaderValue::try_from(pairs.join("; "))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_response_replaces_and_removes_cookies() {
        let mut cookies = Cookies::default();
        let mut headers = HeaderMap::new();
        for line in [
            "session=a=b; Path=/; HttpOnly; Max-Age=60",
            "theme=dark",
            "nonsense",
        ] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        cookies.learn(&headers);
        let header = cookies.header().unwrap().unwrap();
        assert_eq!(header, "session=a=b; theme=dark");
        let mut headers = HeaderMap::new();
        for line in ["theme=light", "session=; max-age=0"] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        cookies.learn(&headers);
        assert_eq!(cookies.header().unwrap().unwrap(), "theme=light");
    }
}
