//! [`Admin`]: the options of the admin interface.

use std::{fs, sync::Arc, time::Duration};

use socketio_names::Pattern;
use tokio::time::Instant;

use super::{
    AdminAuth, Instrument, commands,
    login::Login,
    reporter::Reporter,
    stats::{Identity, Stats},
    view::Secrets,
};
use crate::{handler::Handlers, hub::Watch, packet::Codec};

/// An admin interface for the page <https://admin.socket.io> (the npm package `@socket.io/admin-ui`), added with
/// [`SocketIoBuilder::admin`](crate::SocketIoBuilder::admin). It corresponds to `server.instrument(..)` in
/// python-socketio.
///
/// It is a namespace with its own handlers. The page connects to it, and is refused if its `auth` is wrong:
///
/// ```
/// use serde_json::json;
/// use socketio_core::{Admin, SocketIo};
///
/// # fn main() -> socketio_core::Result {
/// # let password = "open sesame";
/// let io = SocketIo::builder()
///     .admin(Admin::new(json!({"username": "ana", "password": password})))
///     .cors_allowed_origins(["https://example.org", "https://admin.socket.io"])
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// * The page has another origin, which `cors_allowed_origins` must include.
/// * The `auth` is the only protection: anyone who knows it sees the events of your clients. Use TLS.
/// * Cookies and credentials in headers are hidden by default ([`show_credentials`](Admin::show_credentials)), and the id
///   of a transport always is. Queries and events are shown as clients sent them.
/// * Guards and middleware of `*` also apply to this namespace.
///
/// In [`AdminMode::Development`], the default, every event that is sent or received is encoded a second time. Use
/// [`AdminMode::Production`] in production.
#[derive(Debug)]
#[must_use = "it does nothing until it is passed to a server: `.admin(admin)`"]
pub struct Admin {
    login: Login,
    mode: AdminMode,
    read_only: bool,
    server_id: Option<String>,
    namespace: String,
    stats_interval: Duration,
    secrets: Secrets,
}

/// The information that the admin interface shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminMode {
    /// Clients, rooms, events and commands. The default.
    #[default]
    Development,
    /// Only the numbers of clients, connections, packets and bytes.
    Production,
}

/// The parts of an admin interface that a server installs.
pub(crate) struct Installed {
    pub(crate) handlers: Handlers,
    pub(crate) watch: Watch,
    pub(crate) instrument: Instrument,
}

impl Admin {
    /// Creates an admin interface for clients that send this `auth`: an object, any of an array or `Vec` of objects, or
    /// anything that a closure `|auth: Value| -> bool` accepts, which may be async. All other clients are refused with
    /// `authentication failed`.
    ///
    /// ```
    /// use serde_json::{Value, json};
    /// use socketio_core::Admin;
    ///
    /// # async fn is_admin(token: &Value) -> bool { token == "x" }
    /// let one = Admin::new(json!({"username": "ana", "password": "secret"}));
    /// let any = Admin::new([json!({"token": "one"}), json!({"token": "two"})]);
    /// let asked = Admin::new(|auth: Value| async move { is_admin(&auth["token"]).await });
    /// ```
    pub fn new<M>(auth: impl AdminAuth<M>) -> Self {
        Self::with(auth.into_login())
    }

    /// Creates an admin interface without authentication, for everyone who can reach the server.
    pub fn open() -> Self {
        Self::with(Login::Open)
    }

    fn with(login: Login) -> Self {
        Admin {
            login,
            mode: AdminMode::default(),
            read_only: false,
            server_id: None,
            namespace: String::from("/admin"),
            stats_interval: Duration::from_secs(2),
            secrets: Secrets::Withheld,
        }
    }

    /// Sets which information is shown. Default: [`AdminMode::Development`].
    pub fn mode(mut self, mode: AdminMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether administrators can only view, and not emit, disconnect, or move clients between rooms. Default:
    /// false.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets the name of this process on the page. Default: host name and process id, `host#4711`.
    pub fn server_id(mut self, id: &str) -> Self {
        self.server_id = Some(id.to_owned());
        self
    }

    /// Sets the namespace that the page connects to: a path that no other handler uses. Default: `/admin`.
    pub fn namespace(mut self, path: &str) -> Self {
        path.clone_into(&mut self.namespace);
        self
    }

    /// Sets the interval at which the numbers are sent. Default: 2 seconds.
    pub fn server_stats_interval(mut self, interval: Duration) -> Self {
        self.stats_interval = interval;
        self
    }

    /// Sets whether the values of the headers `cookie`, `authorization` and `proxy-authorization` are shown, which
    /// allow administrators to impersonate clients. Default: false.
    pub fn show_credentials(mut self, show: bool) -> Self {
        self.secrets = if show {
            Secrets::Shown
        } else {
            Secrets::Withheld
        };
        self
    }

    /// Returns the problems of these options.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(problem) = self.login.problem() {
            problems.push(format!("`admin`: {problem}"));
        }
        let path = &self.namespace;
        let own = Pattern::parse_exact(path).ok().flatten();
        if own.is_none_or(|path| path == "/") {
            problems.push(format!(
                "`admin`: the namespace {path:?} must be a path of its own, such as `/admin`"
            ));
        }
        if self.stats_interval.is_zero() {
            problems.push(String::from(
                "`admin`: `server_stats_interval` must not be zero",
            ));
        }
        problems
    }

    /// Creates the handlers for the page, and the observer and counters of the hub.
    pub(crate) fn install(self, codec: &Codec) -> Installed {
        let namespace: Arc<str> = Arc::from(&*self.namespace);
        let development = self.mode == AdminMode::Development;
        let reporter =
            development.then(|| Arc::new(Reporter::new(&namespace, codec.clone(), self.secrets)));
        let commands = development && !self.read_only;
        let handlers = commands::handlers(&self.namespace, self.login, reporter.clone(), commands);
        let hostname = hostname();
        let identity = Identity {
            server_id: self
                .server_id
                .unwrap_or_else(|| format!("{hostname}#{}", std::process::id())),
            hostname,
        };
        let watch = Watch {
            observers: reporter.iter().map(|it| Arc::clone(it) as _).collect(),
        };
        let stats = Stats {
            namespace,
            interval: self.stats_interval,
            identity,
            built: Instant::now(),
        };
        Installed {
            handlers,
            watch,
            instrument: Instrument::new(stats, reporter),
        }
    }
}

/// Returns the name of the host, where it is available without system libraries.
fn hostname() -> String {
    let variable = |name| std::env::var(name).ok();
    fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| String::from("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let admin = Admin::open();
        assert_eq!(admin.mode, AdminMode::Development);
        assert!(!admin.read_only);
        assert_eq!(admin.server_id, None);
        assert_eq!(admin.namespace, "/admin");
        assert_eq!(admin.stats_interval, Duration::from_secs(2));
        assert_eq!(admin.secrets, Secrets::Withheld);
    }
}
