//! The URLs of Redis and Valkey.

use std::{fmt, path::PathBuf};

use crate::message_queue::authority::{
    ENCODE, Host, Login, Parameters, UrlError, decode, unknown_parameter,
};

/// The parameters after `?`.
const PARAMETERS: Parameters = Parameters {
    known: &["db", "username", "password", "protocol", "ssl_cert_reqs"],
    tls: "`Redis::tls`",
    instead: &[
        ("ssl", "the scheme `rediss://`"),
        ("virtual_host", "nothing, or `/0`"),
    ],
};

/// A parsed URL.
#[derive(Clone, Debug)]
pub(super) struct RedisUrl {
    pub(super) servers: Servers,
    pub(super) login: Login,
    pub(super) tls: bool,
    /// `None` for the newest version that the server supports.
    pub(super) protocol: Option<Protocol>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Resp2,
    Resp3,
}

/// The servers that a URL names.
#[derive(Clone, Debug)]
pub(super) enum Servers {
    One(Endpoint),
    /// The sentinels, which know the master of `service`. It defaults to the name of the channel.
    Sentinels {
        sentinels: Vec<Endpoint>,
        service: Option<String>,
    },
}

/// An address to connect to.
#[derive(Clone, PartialEq)]
pub(super) enum Endpoint {
    Tcp(Host),
    Unix(PathBuf),
}

impl RedisUrl {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or("`://` is missing")?;
        if rest.contains('#') {
            return Err(format!("a `#` is not allowed{ENCODE}").into());
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let mut login = Login::parse(login)?;
        let Query { database, protocol } = read_query(query, &mut login)?;

        let (kind, sentinel) = match scheme.strip_suffix("+sentinel") {
            Some(kind) => (kind, true),
            None => (scheme, false),
        };
        let tls = match kind {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            "unix" | "redis+unix" | "valkey+unix" if !sentinel => false,
            _ => {
                return Err(
                    "the scheme must be one of Redis or Valkey, such as `redis` or `rediss`".into(),
                );
            }
        };
        let servers = if sentinel {
            let path = path.strip_prefix('/').unwrap_or(path);
            let (in_path, service) = path.split_once('/').unwrap_or((path, ""));
            check_database(in_path)?;
            let service = decode(service.trim_end_matches('/'))?;
            let sentinels = hosts.split(',').map(|host| match host {
                "" => Err(UrlError::from(
                    "the sentinels must be named, separated by commas",
                )),
                host => Ok(Endpoint::Tcp(Host::parse(host, 26379)?)),
            });
            Servers::Sentinels {
                sentinels: sentinels.collect::<Result<_, _>>()?,
                service: Some(service).filter(|service| !service.is_empty()),
            }
        } else if kind.ends_with("unix") {
            Servers::One(Endpoint::unix(hosts, path)?)
        } else {
            if hosts.contains(',') {
                return Err(
                    "several hosts are allowed with the scheme `redis+sentinel` only".into(),
                );
            }
            check_database(path.trim_matches('/'))?;
            Servers::One(Endpoint::Tcp(Host::parse(hosts, 6379)?))
        };
        // Checked, but not selected: channels are the same in all databases.
        check_database(&database)?;
        if login.user.is_some() && login.password.is_none() {
            return Err("the user has no password: a password alone is written `:password@`, an empty one `user:@`".into());
        }
        Ok(Self {
            servers,
            login,
            tls,
            protocol,
        })
    }

    /// Returns the addresses without the login, for errors.
    pub(super) fn address(&self) -> String {
        match &self.servers {
            Servers::One(endpoint) => endpoint.to_string(),
            Servers::Sentinels { sentinels, .. } => {
                let sentinels: Vec<_> = sentinels.iter().map(Endpoint::to_string).collect();
                format!("sentinels {}", sentinels.join(", "))
            }
        }
    }
}

/// The parameters that are not part of the login.
#[derive(Default)]
struct Query {
    database: String,
    protocol: Option<Protocol>,
}

/// Reads the parameters, which have the names of Python's clients. A login in parameters replaces the login before the `@`.
fn read_query(query: &str, login: &mut Login) -> Result<Query, UrlError> {
    let mut read = Query::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "db" => read.database = value.into_owned(),
            "protocol" => {
                read.protocol = Some(match &*value {
                    "resp2" | "2" => Protocol::Resp2,
                    "resp3" | "3" => Protocol::Resp3,
                    _ => return Err("`protocol` must be `resp2` or `resp3`".into()),
                });
            }
            "username" => login.user = Some(value.into_owned()),
            "password" => login.password = Some(value.into_owned()),
            // The only supported value, for the reason in the error below.
            "ssl_cert_reqs" if matches!(&*value, "required" | "CERT_REQUIRED") => {}
            "ssl_cert_reqs" => {
                return Err("`ssl_cert_reqs` must be `required`: for a certificate that the platform doesn't trust, remove the parameter and pass the authority to `Redis::tls`".into());
            }
            name => return Err(unknown_parameter(query, name, &PARAMETERS)),
        }
    }
    Ok(read)
}

impl Endpoint {
    fn unix(host: &str, path: &str) -> Result<Self, UrlError> {
        match path {
            _ if !cfg!(unix) => Err("this platform has no Unix domain sockets".into()),
            "" | "/" => Err("the socket's path is missing, as in `unix:///run/redis.sock`".into()),
            _ if !host.is_empty() => {
                Err("the socket's path must begin with `/`, as in `unix:///run/redis.sock`".into())
            }
            path => Ok(Self::Unix(decode(path)?.into())),
        }
    }
}

fn check_database(text: &str) -> Result<(), UrlError> {
    if text.is_empty() || text.parse::<u32>().is_ok() {
        return Ok(());
    }
    Err(format!("the database must be a number{ENCODE}").into())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) => write!(f, "{host}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (String, Login, bool) {
        let parsed = RedisUrl::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let servers = match parsed.servers {
            Servers::One(endpoint) => endpoint.to_string(),
            Servers::Sentinels { sentinels, service } => format!("{sentinels:?} {service:?}"),
        };
        (servers, parsed.login, parsed.tls)
    }

    fn login(user: &str, password: &str) -> Login {
        Login {
            user: Some(user.into()).filter(|user: &String| !user.is_empty()),
            password: Some(password.into()),
        }
    }

    #[test]
    fn a_url_names_a_host_a_port_and_a_login() {
        for (url, servers) in [
            ("redis://", "localhost:6379"),
            ("redis:///2", "localhost:6379"),
            ("redis://db", "db:6379"),
            ("valkey://db:7000/0", "db:7000"),
            ("redis://[::1]", "[::1]:6379"),
            ("redis://[::1]:7000/?db=3", "[::1]:7000"),
            ("redis+sentinel://a", "[a:26379] None"),
            ("unix:///run/redis.sock", "/run/redis.sock"),
            ("redis+unix:///run/a%20b?db=1", "/run/a b"),
        ] {
            assert_eq!(parse(url), (servers.into(), Login::default(), false));
        }
        for (url, servers, user, password) in [
            ("redis://:s%40e%2Fc@db", "db:6379", "", "s@e/c"),
            ("redis://ana:a:b@db/0", "db:6379", "ana", "a:b"),
            ("redis://ana:@db/0", "db:6379", "ana", ""),
            ("redis://ana:p@ss@db/0", "db:6379", "ana", "p@ss"),
            (
                "redis://db?username=ana&password=b%26",
                "db:6379",
                "ana",
                "b&",
            ),
            (
                "unix://ana:b@/run/redis.sock",
                "/run/redis.sock",
                "ana",
                "b",
            ),
        ] {
            let expected = (servers.into(), login(user, password), false);
            assert_eq!(parse(url), expected);
        }
        assert!(parse("rediss://db?ssl_cert_reqs=required").2);
        assert!(parse("rediss://db?ssl_cert_reqs=CERT_REQUIRED").2);
        assert!(parse("valkeys://db").2);
    }

    #[test]
    fn a_url_may_name_the_protocol() {
        for (url, protocol) in [
            ("redis://db", None),
            ("redis://db?protocol=resp2", Some(Protocol::Resp2)),
            ("redis://db?protocol=2", Some(Protocol::Resp2)),
            ("redis://db?protocol=resp3&db=1", Some(Protocol::Resp3)),
            ("redis+sentinel://a,b?protocol=3", Some(Protocol::Resp3)),
        ] {
            assert_eq!(RedisUrl::parse(url).unwrap().protocol, protocol, "{url}");
        }
    }

    #[test]
    fn sentinels_are_a_list_and_the_service_follows_the_database() {
        for (url, servers) in [
            (
                "redis+sentinel://a:1,b/0/main",
                r#"[a:1, b:26379] Some("main")"#,
            ),
            ("valkey+sentinel://a:1/0/", "[a:1] None"),
            ("redis+sentinel://a:1//main", r#"[a:1] Some("main")"#),
            ("redis+sentinel://a:1,[::1]:2/0", "[a:1, [::1]:2] None"),
        ] {
            assert_eq!(parse(url), (servers.into(), Login::default(), false));
        }
        let (_, found, tls) = parse("rediss+sentinel://ana:b@a,b/0/main");
        assert_eq!((found, tls), (login("ana", "b"), true));
    }

    #[test]
    fn an_invalid_url_is_refused_without_repeating_a_secret() {
        for (url, why) in [
            ("redis:secret", "`://` is missing"),
            ("redis://:se#cret@db", "a `#` is not allowed"),
            (
                "redis://:se/cret@db",
                "the database must be a number; in a user or password, `/` is `%2F`",
            ),
            ("redis://:se?cret@db", "an unknown parameter after `?`"),
            ("redis://db/secret", "the database must be a number"),
            ("redis://db/-1", "the database must be a number"),
            ("redis://db?db=secret", "the database must be a number"),
            (
                "redis://db?password=a&secret=1",
                "an unknown parameter after `?`",
            ),
            (
                "rediss://db?ssl_cert_reqs=none",
                "`ssl_cert_reqs` must be `required`: for a certificate that",
            ),
            (
                "rediss://db?ssl_ca_certs=/secret",
                "the parameter `ssl_ca_certs` is not supported: remove it and configure TLS with `Redis::tls`",
            ),
            (
                "rediss://db?ssl_cert_reqs=CERT_NONE",
                "`ssl_cert_reqs` must be `required`: for a certificate that",
            ),
            (
                "redis://db?ssl=true",
                "the parameter `ssl` is not supported: write the scheme `rediss://` instead",
            ),
            (
                "redis://db?socket_timeout=5",
                "the parameter `socket_timeout` is not supported: remove it",
            ),
            (
                "redis://db?protocol=4",
                "`protocol` must be `resp2` or `resp3`",
            ),
            ("redis://db:0", "a port must be a number"),
            ("redis://db:65536", "a port must be a number"),
            ("redis://::1", "a port must be a number"),
            ("redis://[::1", "a `[` has no `]`"),
            ("redis://[::1]secret", "only `:` and a port may follow `]`"),
            (
                "redis://a,b",
                "several hosts are allowed with the scheme `redis+sentinel` only",
            ),
            ("redis://a b", "a host name contains a space"),
            ("redis://secret@db", "the user has no password"),
            (
                "redis://:%ff@db",
                "text that is encoded with `%` must be UTF-8",
            ),
            ("redis+sentinel://", "the sentinels must be named"),
            ("redis+sentinel://a,,b", "the sentinels must be named"),
            ("redis+sentinel://a/main", "the database must be a number"),
            (
                "unix://secret/redis.sock",
                "the socket's path must begin with `/`",
            ),
            ("unix://", "the socket's path is missing"),
            (
                "http://db",
                "the scheme must be one of Redis or Valkey, such as `redis` or `rediss`",
            ),
            (
                "unix+sentinel://db",
                "the scheme must be one of Redis or Valkey, such as `redis` or `rediss`",
            ),
        ] {
            let error = RedisUrl::parse(url)
                .err()
                .unwrap_or_else(|| panic!("{url}"));
            assert!(error.starts_with(why), "{url}: {error}");
            assert!(
                !error.contains("secret") && !error.contains("cret@"),
                "{error}"
            );
        }
    }
}
