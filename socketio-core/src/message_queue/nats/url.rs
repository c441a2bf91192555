//! The URLs of NATS.

use async_nats::ServerAddr;

use crate::message_queue::authority::{
    ENCODE, Host, Login, Parameters, UrlError, unknown_parameter,
};

/// No parameters are supported.
const PARAMETERS: Parameters = Parameters {
    known: &[],
    tls: "the scheme `tls://` and `Nats::tls`",
    instead: &[],
};

/// A parsed URL.
#[derive(Clone, Debug)]
pub(super) struct NatsUrl {
    /// Without the login, so that errors can show them.
    pub(super) servers: Vec<ServerAddr>,
    /// A user without a password is a token.
    pub(super) login: Login,
    pub(super) tls: bool,
}

impl NatsUrl {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or("`://` is missing")?;
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err("the scheme must be `nats` or `tls`".into()),
        };
        // If an `@` follows, the `?` is part of a password.
        if let Some((_, query)) = rest
            .split_once('?')
            .filter(|(_, query)| !query.contains('@'))
        {
            let name = query.split(['=', '&']).next().unwrap_or_default();
            return Err(unknown_parameter(query, name, &PARAMETERS));
        }
        let mut found = None;
        let mut servers = Vec::new();
        for server in rest.split(',') {
            // As in other clients, every server may be a URL of its own.
            let server = match server.split_once("://") {
                Some((other, server)) if other == scheme => server,
                Some(_) => return Err("all servers must have the same scheme".into()),
                None => server,
            };
            let server = server.strip_suffix('/').unwrap_or(server);
            if server.contains(['/', '?', '#']) {
                return Err(format!("nothing may follow the hosts{ENCODE}").into());
            }
            let (login, host) = match server.rsplit_once('@') {
                Some((login, host)) => (Some(Login::parse(login)?), host),
                None => (None, server),
            };
            if host.is_empty() && rest.contains(',') {
                return Err(format!("a host is missing between commas{ENCODE}").into());
            }
            if login.is_some() && found.is_some() && login != found {
                return Err("all servers must have the same login".into());
            }
            found = found.or(login);
            let host = Host::parse(host, 4222)?;
            let server = format!("{scheme}://{host}").parse();
            servers.push(server.map_err(|_| "a host name is invalid")?);
        }
        let login = found.unwrap_or_default();
        if login.user.is_none() && login.password.is_some() {
            return Err("the password has no user; a token is written `token@`".into());
        }
        Ok(Self {
            servers,
            login,
            tls,
        })
    }

    /// Returns the servers, for errors.
    pub(super) fn address(&self) -> String {
        let servers = self.servers.iter();
        let servers: Vec<_> = servers
            .map(|server| format!("{}:{}", server.host(), server.port()))
            .collect();
        servers.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (Vec<String>, Option<String>, Option<String>) {
        let parsed = NatsUrl::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let servers = parsed.servers.into_iter();
        (
            servers.map(|server| server.as_url_str().into()).collect(),
            parsed.login.user,
            parsed.login.password,
        )
    }

    #[test]
    fn a_url_names_servers_and_a_login() {
        for (url, servers, user, password) in [
            ("nats://", &["nats://localhost:4222"][..], None, None),
            ("nats://a/", &["nats://a:4222"], None, None),
            ("tls://[::1]:1", &["tls://[::1]:1"], None, None),
            ("nats://a,b:1", &["nats://a:4222", "nats://b:1"], None, None),
            ("nats://t%2Fk@a", &["nats://a:4222"], Some("t/k"), None),
            (
                "nats://u:p%40@a,b",
                &["nats://a:4222", "nats://b:4222"],
                Some("u"),
                Some("p@"),
            ),
            (
                "nats://u:p@a,nats://u:p@b/",
                &["nats://a:4222", "nats://b:4222"],
                Some("u"),
                Some("p"),
            ),
        ] {
            let (found, found_user, found_password) = parse(url);
            assert_eq!(found, servers, "{url}");
            assert_eq!(found_user.as_deref(), user, "{url}");
            assert_eq!(found_password.as_deref(), password, "{url}");
        }
        assert!(NatsUrl::parse("tls://a").unwrap().tls);
    }

    #[test]
    fn an_invalid_url_is_refused_without_repeating_a_secret() {
        for (url, why) in [
            ("nats:secret", "`://` is missing"),
            ("http://a", "the scheme must be"),
            ("nats://a,tls://b", "all servers must have the same scheme"),
            ("nats://u:se/cret@a", "nothing may follow the hosts"),
            ("nats://a/secret", "nothing may follow the hosts"),
            ("nats://a?b@secret", "nothing may follow the hosts"),
            (
                "nats://a?tls_required=secret",
                "the parameter `tls_required` is not supported: remove it and configure TLS with the scheme `tls://` and `Nats::tls`; none is known",
            ),
            ("nats://a#secret", "nothing may follow the hosts"),
            ("nats://a,,b", "a host is missing between commas"),
            (
                "nats://u:secret@a,u:other@b",
                "all servers must have the same login",
            ),
            ("nats://:secret@a", "the password has no user"),
            ("nats://a:secret", "a port must be a number"),
            (
                "nats://u:%ff@a",
                "text that is encoded with `%` must be UTF-8",
            ),
            ("nats://secret<", "a host name is invalid"),
        ] {
            let error = NatsUrl::parse(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(error.starts_with(why), "{url}: {error}");
            assert!(
                !error.contains("secret") && !error.contains("cret@"),
                "{error}"
            );
        }
    }
}
