//! Shared by the examples with a page: the Socket.IO client of the page, and the command line.

use std::{fmt, fs, future::ready};

use axum::{Router, response::Html, routing::get};

/// The official client, where `./tests/run` or `npm --prefix tests/interop/js ci` has installed it.
const OFFICIAL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/interop/js/node_modules/socket.io-client/dist/socket.io.min.js"
);

const USAGE: &str = "options, all of which can be left out:
  HOST:PORT      where to listen (default: 127.0.0.1:5000)
  --host HOST    the same, each part alone
  --port PORT    0 is any free port
  --client WHICH the Socket.IO client of the page: official or own (default: official if it is installed)
  --redis URL    keep chats in Redis (llm, with the feature `redis`)
  --list         print the handlers and end
  --help         print this and end";

/// The options of the command line.
pub(crate) struct Options {
    host: String,
    port: u16,
    client: String,
    #[allow(dead_code, reason = "only one example has it")]
    pub(crate) redis: Option<String>,
    pub(crate) list: bool,
}

impl Options {
    pub(crate) fn from_args() -> Result<Self> {
        let mut options = Options {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            client: own_client(),
            redis: None,
            list: false,
        };
        if let Ok(official) = fs::read_to_string(OFFICIAL) {
            options.client = official;
        }
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value\n\n{USAGE}"));
            match &*arg {
                "--host" => options.host = value()?,
                "--port" => options.port = port(&value()?)?,
                "--client" => options.client = client(&value()?)?,
                "--redis" => options.redis = Some(value()?),
                "--list" => options.list = true,
                "--help" => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => {
                    let Some((host, number)) =
                        arg.rsplit_once(':').filter(|_| !arg.starts_with('-'))
                    else {
                        return Err(format!("unknown argument {arg}\n\n{USAGE}").into());
                    };
                    options.host = host.trim_matches(['[', ']']).to_owned();
                    options.port = port(number)?;
                }
            }
        }
        Ok(options)
    }

    /// Returns the address to listen on.
    pub(crate) fn addr(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Returns the routes of the page, at `/`, and of the client that it loads.
    pub(crate) fn page(&self, html: &'static str) -> Router {
        Router::new()
            .route("/", get(async move || Html(html)))
            .route("/client.js", file("text/javascript", self.client.clone()))
    }
}

fn port(text: &str) -> Result<u16> {
    text.parse()
        .map_err(|_| format!("{text} is not a port: expected a number from 0 to 65535").into())
}

fn own_client() -> String {
    include_str!("client.js").to_owned()
}

/// Returns the script of a Socket.IO client.
fn client(name: &str) -> Result<String> {
    match name {
        "own" => Ok(own_client()),
        "official" => fs::read_to_string(OFFICIAL).map_err(|error| {
            format!("{OFFICIAL}: {error}\n\nTo install it: npm --prefix tests/interop/js ci").into()
        }),
        _ => Err(format!("unknown client {name}: expected official or own").into()),
    }
}

/// Returns a route for a file. Browsers must not cache it, since other examples have other files at the same path.
pub(crate) fn file(kind: &str, content: impl Into<bytes::Bytes>) -> axum::routing::MethodRouter {
    let headers = [
        ("content-type", format!("{kind}; charset=utf-8")),
        ("cache-control", "no-cache".to_owned()),
    ];
    let content = content.into();
    get(move || ready((headers.clone(), content.clone())))
}

pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// The error of an example. `main` prints errors with `Debug`, which is the message alone here.
pub(crate) struct Failure(socketio::BoxError);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<E: Into<socketio::BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.into())
    }
}
