//! What the admin interface can be told.

use std::{fs, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    AdminAuth, Instrument, commands,
    login::Login,
    reporter::Reporter,
    stats::{Identity, Stats},
    view::Secrets,
};
use crate::{
    handler::Handlers,
    hub::{Traffic, Watch},
    packet::Codec,
};

/// An admin interface for the page <https://admin.socket.io> (the npm package `@socket.io/admin-ui`), added with
/// [`SocketIoBuilder::admin`](crate::SocketIoBuilder::admin). It is what `server.instrument(..)` is in python-socketio.
///
/// It is a namespace of its own, with handlers of its own; the page connects to it, and is refused without the right `auth`:
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
/// * The page is of another origin: `cors_allowed_origins` has to name it.
/// * Who may connect is the only secret: give it to nobody who must not see what your clients send, and use TLS.
/// * Cookies and credentials in headers are withheld ([`show_credentials`](Admin::show_credentials)), the id of a transport is
///   never shown. What clients put into their query, and into events, is shown as it is.
/// * Guards and middleware of `*` stand before this namespace, too.
///
/// In [`AdminMode::Development`], the default, every event that is sent or received is encoded a second time: production has
/// [`AdminMode::Production`].
#[derive(Debug)]
#[must_use = "it does nothing until it is given to a server: `.admin(admin)`"]
pub struct Admin {
    login: Login,
    mode: AdminMode,
    read_only: bool,
    server_id: Option<String>,
    namespace: String,
    stats_interval: Duration,
    secrets: Secrets,
}

/// How much the admin interface shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminMode {
    /// Clients, rooms and events, as they come and go; and commands. The default.
    #[default]
    Development,
    /// Only numbers: how many clients, connections, packets and bytes.
    Production,
}

/// What a server takes from it.
pub(crate) struct Installed {
    pub(crate) handlers: Handlers,
    pub(crate) watch: Watch,
    pub(crate) instrument: Instrument,
}

impl Admin {
    /// For those who send this `auth`: an object; one of an array or `Vec` of objects; whatever a closure
    /// `|auth: Value| -> bool` says, which may be async. All others are refused with `authentication failed`.
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

    /// For everybody who can reach the server.
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

    /// How much is shown. Default: [`AdminMode::Development`].
    pub fn mode(mut self, mode: AdminMode) -> Self {
        self.mode = mode;
        self
    }

    /// Whether administrators may only look, and not emit, disconnect, or move clients between rooms. Default: false.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// What this process is called on the page. Default: the name of the host and the id of the process, `host#4711`.
    pub fn server_id(mut self, id: &str) -> Self {
        self.server_id = Some(id.to_owned());
        self
    }

    /// The namespace that the page connects to; a plain path, for nothing else. Default: `/admin`.
    pub fn namespace(mut self, path: &str) -> Self {
        path.clone_into(&mut self.namespace);
        self
    }

    /// How often numbers are sent. Default: 2 seconds.
    pub fn server_stats_interval(mut self, interval: Duration) -> Self {
        self.stats_interval = interval;
        self
    }

    /// Whether to show the values of the headers `cookie`, `authorization` and `proxy-authorization`, with which others could
    /// take a client's place. Default: false.
    pub fn show_credentials(mut self, show: bool) -> Self {
        self.secrets = if show {
            Secrets::Shown
        } else {
            Secrets::Withheld
        };
        self
    }

    /// What is wrong with it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(problem) = self.login.problem() {
            problems.push(format!("`admin`: {problem}"));
        }
        let path = &self.namespace;
        if !path.starts_with('/') || path.len() < 2 || path.contains(['{', '}', '*', '?', ',']) {
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

    /// Makes what watches the server and what answers the page.
    pub(crate) fn install(self, codec: &Codec) -> Installed {
        let namespace: Arc<str> = Arc::from(&*self.namespace);
        let development = self.mode == AdminMode::Development;
        let traffic = Arc::new(Traffic::default());
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
            observer: reporter.clone().map(|reporter| reporter as _),
            traffic: Some(Arc::clone(&traffic)),
        };
        let stats = Stats {
            namespace,
            interval: self.stats_interval,
            identity,
            traffic,
            built: Instant::now(),
        };
        Installed {
            handlers,
            watch,
            instrument: Instrument::new(stats, reporter),
        }
    }
}

/// The name of this machine, where it can be had without asking the system's libraries.
fn hostname() -> String {
    let told = |name| std::env::var(name).ok();
    fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| told("HOSTNAME"))
        .or_else(|| told("COMPUTERNAME"))
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
