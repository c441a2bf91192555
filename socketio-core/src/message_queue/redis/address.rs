//! Where the servers are, and as whom to log in.

use std::{fmt, path::PathBuf};

use crate::message_queue::authority::{ENCODE, Host, Login, Refused, decode};

/// What a URL says.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) servers: Servers,
    pub(super) login: Login,
    pub(super) tls: bool,
}

#[derive(Debug)]
pub(super) enum Servers {
    One(Place),
    /// Those that know which server is the master of `service`, which defaults to the channel.
    Sentinels {
        places: Vec<Place>,
        service: Option<String>,
    },
}

/// What can be connected to.
#[derive(Clone, PartialEq)]
pub(super) enum Place {
    Tcp(Host),
    Unix(PathBuf),
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Refused> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no `://`")?;
        if rest.contains('#') {
            return Err(format!("there must be no `#`{ENCODE}").into());
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let mut login = Login::parse(login)?;
        let database = read_query(query, &mut login)?;

        let (kind, sentinel) = match scheme.strip_suffix("+sentinel") {
            Some(kind) => (kind, true),
            None => (scheme, false),
        };
        let tls = match kind {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            "unix" | "redis+unix" | "valkey+unix" if !sentinel => false,
            _ => return Err("its scheme is none of Redis or Valkey".into()),
        };
        let servers = if sentinel {
            let path = path.strip_prefix('/').unwrap_or(path);
            let (in_path, service) = path.split_once('/').unwrap_or((path, ""));
            check_database(in_path)?;
            let service = decode(service.trim_end_matches('/'))?;
            let places = hosts.split(',').map(|host| match host {
                "" => Err(Refused::from(
                    "it has to name the sentinels, separated by commas",
                )),
                host => Ok(Place::Tcp(Host::parse(host, 26379)?)),
            });
            Servers::Sentinels {
                places: places.collect::<Result<_, _>>()?,
                service: Some(service).filter(|service| !service.is_empty()),
            }
        } else if kind.ends_with("unix") {
            Servers::One(Place::unix(hosts, path)?)
        } else {
            if hosts.contains(',') {
                return Err("several hosts are for the scheme `redis+sentinel`".into());
            }
            check_database(path.trim_matches('/'))?;
            Servers::One(Place::Tcp(Host::parse(hosts, 6379)?))
        };
        // Checked, but not selected: publishing and subscribing know no databases.
        check_database(&database)?;
        if login.user.is_some() && login.password.is_none() {
            return Err("there is a user, but no password; a password alone is `:password@`, an empty one `user:@`".into());
        }
        Ok(Self {
            servers,
            login,
            tls,
        })
    }
}

/// Takes what the query says about the login, as Python's clients do; returns the database.
fn read_query(query: &str, login: &mut Login) -> Result<String, Refused> {
    let mut database = String::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "db" => database = value.into_owned(),
            "username" => login.user = Some(value.into_owned()),
            "password" => login.password = Some(value.into_owned()),
            _ => return Err(format!("of the parameters after `?`, only `db`, `username` and `password` are known{ENCODE}").into()),
        }
    }
    Ok(database)
}

impl Place {
    fn unix(host: &str, path: &str) -> Result<Self, Refused> {
        match path {
            _ if !cfg!(unix) => Err("this platform has no Unix sockets".into()),
            "" | "/" => {
                Err("it has to name the socket's file, as in `unix:///run/redis.sock`".into())
            }
            _ if !host.is_empty() => {
                Err("the file's path begins with `/`, as in `unix:///run/redis.sock`".into())
            }
            path => Ok(Self::Unix(decode(path)?.into())),
        }
    }
}

fn check_database(text: &str) -> Result<(), Refused> {
    if text.is_empty() || text.parse::<u32>().is_ok() {
        return Ok(());
    }
    Err(format!("the database has to be a number{ENCODE}").into())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) => write!(f, "{host}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (String, Login, bool) {
        let address = Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let servers = match address.servers {
            Servers::One(place) => place.to_string(),
            Servers::Sentinels { places, service } => format!("{places:?} {service:?}"),
        };
        (servers, address.login, address.tls)
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
        assert!(parse("rediss://db").2);
        assert!(parse("valkeys://db").2);
    }

    #[test]
    fn sentinels_are_a_list_and_the_service_stands_behind_the_database() {
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
    fn a_url_that_is_refused_says_why_without_a_piece_of_it() {
        for (url, why) in [
            ("redis:secret", "it has no `://`"),
            ("redis://:se#cret@db", "there must be no `#`"),
            (
                "redis://:se/cret@db",
                "the database has to be a number; in a user or password, `/` is `%2F`",
            ),
            ("redis://:se?cret@db", "of the parameters after `?`"),
            ("redis://db/secret", "the database has to be a number"),
            ("redis://db/-1", "the database has to be a number"),
            ("redis://db?db=secret", "the database has to be a number"),
            ("redis://db?secret=1", "of the parameters after `?`"),
            ("redis://db:0", "a port has to be a number"),
            ("redis://db:65536", "a port has to be a number"),
            ("redis://::1", "a port has to be a number"),
            ("redis://[::1", "a `[` has no `]`"),
            ("redis://[::1]secret", "after `]` comes `:`"),
            (
                "redis://a,b",
                "several hosts are for the scheme `redis+sentinel`",
            ),
            ("redis://a b", "there is a space in the name of a host"),
            ("redis://secret@db", "there is a user, but no password"),
            (
                "redis://:%ff@db",
                "what is encoded with `%` has to be UTF-8",
            ),
            ("redis+sentinel://", "it has to name the sentinels"),
            ("redis+sentinel://a,,b", "it has to name the sentinels"),
            ("redis+sentinel://a/main", "the database has to be a number"),
            (
                "unix://secret/redis.sock",
                "the file's path begins with `/`",
            ),
            ("unix://", "it has to name the socket's file"),
            ("http://db", "its scheme is none of Redis or Valkey"),
            (
                "unix+sentinel://db",
                "its scheme is none of Redis or Valkey",
            ),
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
