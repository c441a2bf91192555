//! Where the servers are, and as whom to log in.

use async_nats::ServerAddr;

use crate::message_queue::authority::{ENCODE, Host, Login, Refused};

/// What a URL says.
#[derive(Debug)]
pub(super) struct Address {
    /// Without the login, so that no text about one shows it.
    pub(super) servers: Vec<ServerAddr>,
    /// A user without a password is a token.
    pub(super) login: Login,
    pub(super) tls: bool,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Refused> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no `://`")?;
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err("its scheme is neither `nats` nor `tls`".into()),
        };
        let mut found = None;
        let mut servers = Vec::new();
        for server in rest.split(',') {
            // Every server may be a URL of its own, as other clients have it.
            let server = match server.split_once("://") {
                Some((other, server)) if other == scheme => server,
                Some(_) => return Err("all servers have to be of one scheme".into()),
                None => server,
            };
            let server = server.strip_suffix('/').unwrap_or(server);
            if server.contains(['/', '?', '#']) {
                return Err(format!("nothing comes after the hosts{ENCODE}").into());
            }
            let (login, host) = match server.rsplit_once('@') {
                Some((login, host)) => (Some(Login::parse(login)?), host),
                None => (None, server),
            };
            if host.is_empty() && rest.contains(',') {
                return Err(format!("between commas there has to be a host{ENCODE}").into());
            }
            if login.is_some() && found.is_some() && login != found {
                return Err("all servers have to have the same login".into());
            }
            found = found.or(login);
            let host = Host::parse(host, 4222)?;
            let server = format!("{scheme}://{host}").parse();
            servers.push(server.map_err(|_| "there is a host that can't be one")?);
        }
        let login = found.unwrap_or_default();
        if login.user.is_none() && login.password.is_some() {
            return Err("there is a password, but no user; a token is `token@`".into());
        }
        Ok(Self {
            servers,
            login,
            tls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (Vec<String>, Option<String>, Option<String>) {
        let address = Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let servers = address.servers.into_iter();
        (
            servers.map(|server| server.as_url_str().into()).collect(),
            address.login.user,
            address.login.password,
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
        assert!(Address::parse("tls://a").unwrap().tls);
    }

    #[test]
    fn a_url_that_is_refused_says_why_without_a_piece_of_it() {
        for (url, why) in [
            ("nats:secret", "it has no `://`"),
            ("http://a", "its scheme is neither"),
            ("nats://a,tls://b", "all servers have to be of one scheme"),
            ("nats://u:se/cret@a", "nothing comes after the hosts"),
            ("nats://a/secret", "nothing comes after the hosts"),
            ("nats://a?secret", "nothing comes after the hosts"),
            ("nats://a#secret", "nothing comes after the hosts"),
            ("nats://a,,b", "between commas there has to be a host"),
            (
                "nats://u:secret@a,u:other@b",
                "all servers have to have the same login",
            ),
            ("nats://:secret@a", "there is a password, but no user"),
            ("nats://a:secret", "a port has to be a number"),
            ("nats://u:%ff@a", "what is encoded with `%` has to be UTF-8"),
            ("nats://secret<", "there is a host that can't be one"),
        ] {
            let error = Address::parse(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(error.starts_with(why), "{url}: {error}");
            assert!(
                !error.contains("secret") && !error.contains("cret@"),
                "{error}"
            );
        }
    }
}
