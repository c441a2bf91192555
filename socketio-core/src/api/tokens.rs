//! [`Tokens`]: the tokens of the API, and what each of them allows.

use subtle::ConstantTimeEq as _;

/// The length of a token below which it is reported as short.
const SHORT: usize = 16;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scope {
    /// Reading: all `GET` routes.
    Read,
    /// Reading and writing: also `POST` routes, which emit, disconnect clients, and change their rooms.
    Write,
}

/// The tokens of one server.
#[derive(Clone, Default)]
pub(super) struct Tokens(Vec<(String, Scope)>);

impl Tokens {
    /// Adds a token.
    ///
    /// # Errors
    ///
    /// A description of what is wrong with it, which does not contain the token.
    pub(super) fn add(&mut self, token: String, scope: Scope) -> Result<(), &'static str> {
        if token.is_empty() {
            return Err("a token is empty");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a token has other characters than printable ASCII without spaces");
        }
        self.0.push((token, scope));
        Ok(())
    }

    pub(super) fn has_short(&self) -> bool {
        self.0.iter().any(|(token, _)| token.len() < SHORT)
    }

    /// Returns what a token allows; `None` if there is no such token. All tokens are compared, each in a time that does not
    /// depend on where it differs.
    pub(super) fn scope(&self, given: &[u8]) -> Option<Scope> {
        let mut found = None;
        for (token, scope) in &self.0 {
            let same = bool::from(token.as_bytes().ct_eq(given));
            found = found.max(same.then_some(*scope));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_scope_and_others_have_none() {
        let mut tokens = Tokens::default();
        tokens.add("reader".into(), Scope::Read).unwrap();
        tokens.add("writer".into(), Scope::Write).unwrap();
        assert_eq!(tokens.scope(b"reader"), Some(Scope::Read));
        assert_eq!(tokens.scope(b"writer"), Some(Scope::Write));
        for wrong in [&b""[..], b"reade", b"readers", b"READER", b"\xff"] {
            assert_eq!(tokens.scope(wrong), None);
        }
        assert!(tokens.add(String::new(), Scope::Read).is_err());
        assert!(tokens.add("new\nline".into(), Scope::Read).is_err());
    }
}
