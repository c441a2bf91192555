//! The part of a URL that names hosts, and as whom to log in.
//!
//! No error here repeats a piece of the URL: where a password holds a character that ought to be encoded, any piece may be one of it.

use std::{borrow::Cow, fmt};

use percent_encoding::percent_decode_str;

pub(super) type Refused = Cow<'static, str>;

/// The end of an error that an unencoded password may be the cause of.
pub(super) const ENCODE: &str =
    "; in a user or password, `/` is `%2F`, `?` is `%3F`, `#` is `%23`, `@` is `%40`, `,` is `%2C`";

#[derive(Clone, PartialEq)]
pub(super) struct Host {
    /// A name, or an address without brackets.
    pub(super) name: String,
    pub(super) port: u16,
}

impl Host {
    /// `host`, `host:port`, `[::1]` or `[::1]:port`; no host is this one.
    pub(super) fn parse(text: &str, port: u16) -> Result<Self, Refused> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(text) => text.split_once(']').ok_or("a `[` has no `]`")?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(text) => text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                format!("a port has to be a number from 1 to 65535{ENCODE}; an IPv6 address stands in `[]`")
            })?,
            None if rest.is_empty() => port,
            None => return Err("after `]` comes `:` and the port, or nothing".into()),
        };
        if name.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err("there is a space in the name of a host".into());
        }
        Ok(Self {
            name: if name.is_empty() { "localhost" } else { name }.into(),
            port,
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// As whom to log in; nobody is asked for neither.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl Login {
    /// What stands before the `@`: `user:password`, either of them possibly missing.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let (user, password) = match text.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (text, None),
        };
        Ok(Self {
            user: Some(decode(user)?).filter(|user| !user.is_empty()),
            password: password.map(decode).transpose()?,
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "***");
        let mut login = f.debug_struct("Login");
        // A user alone may be a token.
        match &self.password {
            Some(_) => login.field("user", &self.user),
            None => login.field("user", &hidden(&self.user)),
        };
        login.field("password", &hidden(&self.password)).finish()
    }
}

pub(super) fn decode(text: &str) -> Result<String, Refused> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("what is encoded with `%` has to be UTF-8".into()),
    }
}
