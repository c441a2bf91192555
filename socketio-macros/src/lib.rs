//! The attributes of the [`socketio`](https://docs.rs/socketio) crate: use them through that one, which re-exports them.
//!
//! Each goes the same way: `parse` reads what the user wrote into the `model`, `check` applies the rules, `expand` writes
//! the items beside it. The item itself survives every mistake, unchanged.

mod check;
mod errors;
mod expand;
mod form;
mod item;
mod model;
mod parse;
mod paths;
mod types;

use proc_macro::TokenStream;

use crate::form::Form;

/// Makes a function the handler of an event.
///
/// ```
/// use socketio::{Socket, to};
///
/// #[derive(serde::Deserialize)]
/// struct Message {
///     room: String,
///     text: String,
/// }
///
/// #[socketio::on("chat message", namespace = "/chat")]
/// async fn chat_message(message: Message, socket: Socket) -> usize {
///     to(&message.room).skip(socket.sid()).emit("chat message", &message.text);
///     message.text.len()
/// }
/// ```
///
/// Every argument is either the next one of the event (whatever serde can deserialize, by value) or one of the crate's
/// own: `Socket`, `State<T>`, `Session<T>`, `Request`, `EventName`, `Rest<T>`, `Auth<T>` in `connect`, `Reason` in
/// `disconnect`, or a type of yours that implements `FromEvent`. The value that the function returns, or that of its
/// `Ok`, is the acknowledgement; an `Err` goes to the error handlers. The function may be `async` or not, and stays what it
/// was: it can be called as before.
///
/// # The name
///
/// Any string. `"connect"` and `"disconnect"` are a client's coming and going; `"*"` takes every event that has no handler
/// of its own. The other names that Socket.IO keeps for itself (`connect_error`, `disconnecting`, `newListener`,
/// `removeListener`) are refused, as in `build()`. For a name that is an identifier, [`event`](macro@event) says it once.
///
/// # Options
///
/// | option | default | |
/// |---|---|---|
/// | `namespace = "/chat"` | `"/"` | a path, a pattern such as `"/job/{id}"` or `"/admin/*"`, or `"*"` for every namespace without a handler of its own |
/// | `guard = logged_in`, `guard = [logged_in, role("admin")]` | none | functions that let the event pass or refuse it, run in their order; see `Guard` |
/// | `server = "admin"` | the server without a name | which server of the program this belongs to, where there are several |
/// | `concurrent` | one event of a client after another | this event may overlap with the client's others |
/// | `blocking` | on the client's task | runs a function that is not `async` on tokio's blocking pool, where it may block or compute for long; the client's next event waits for it |
/// | `crate = "path"` | `"::socketio"` | what the crate is called here, if not `socketio` |
///
/// # Several events
///
/// Several attributes on one function register it for each. One that [`macro@on_error`] makes an error handler can be among
/// them.
///
/// ```
/// #[socketio::on("say")]
/// #[socketio::on("shout", namespace = "/loud")]
/// fn say(text: String) -> usize {
///     text.len()
/// }
/// ```
///
/// # What it writes
///
/// Beside the function, a hidden type of the same name, by which `handlers![say]` finds it: so a module can't have that name
/// as well (E0428). And one constant that registers the function with every server that is built by
/// `SocketIo::builder()`.
#[proc_macro_attribute]
pub fn on(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::On, arguments.into(), item.into()).into()
}

/// Makes a function the handler of the event that it is named after.
///
/// ```
/// use socketio::{ConnectionRefused, Auth, join_room, sid, to};
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     token: String,
/// }
///
/// #[socketio::event]
/// async fn connect(login: Auth<Login>) -> Result<(), ConnectionRefused> {
///     match login.token.as_str() {
///         "secret" => Ok(()),
///         _ => Err(ConnectionRefused::new("who are you?")),
///     }
/// }
///
/// #[socketio::event(namespace = "/chat")]
/// async fn join(room: String) -> socketio::Result {
///     join_room(&room)?;
///     to(&room).emit("joined", sid());
///     Ok(())
/// }
/// ```
///
/// `connect` returns `()`, `bool` or a `Result` of one of these: `false` and every `Err` refuse the client. A raw identifier
/// counts without its `r#`. Everything else, options included, is as with [`on`](macro@on).
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::Event, arguments.into(), item.into()).into()
}

/// Makes a function the error handler of a namespace.
///
/// ```
/// use serde_json::{Value, json};
/// use socketio::HandlerError;
///
/// #[socketio::on_error]
/// async fn failed(error: HandlerError) {
///     eprintln!("{error}");
/// }
///
/// #[socketio::on_error("/chat")]
/// fn chat_failed(error: HandlerError) -> Value {
///     json!({ "error": error.to_string() })
/// }
/// ```
///
/// It hears of every event of that namespace (`/`, when none is given) whose handler failed: by an `Err`, by a panic, by
/// arguments that did not fit. What it returns is the acknowledgement. Events that no handler knows do not come here.
///
/// The options are `server` and `crate`, as with [`on`](macro@on).
#[proc_macro_attribute]
pub fn on_error(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::OnError, arguments.into(), item.into()).into()
}

/// Makes a function the error handler of the namespaces that have none of their own.
///
/// ```
/// use socketio::HandlerError;
///
/// #[socketio::on_error_default]
/// async fn failed(error: HandlerError) -> &'static str {
///     eprintln!("{error}");
///     "something went wrong"
/// }
/// ```
///
/// The options are `server` and `crate`, as with [`on`](macro@on); the rest is as with [`macro@on_error`].
#[proc_macro_attribute]
pub fn on_error_default(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::OnErrorDefault, arguments.into(), item.into()).into()
}

/// Makes an impl block the handlers of a namespace: its methods handle the events.
///
/// ```
/// use std::sync::Mutex;
///
/// #[derive(Default)]
/// struct Rooms {
///     history: Mutex<Vec<String>>,
/// }
///
/// #[socketio::namespace("/rooms")]
/// impl Rooms {
///     async fn on_connect(&self) -> bool {
///         true
///     }
///
///     async fn on_say(&self, text: String) -> usize {
///         self.remember(text)
///     }
///
///     #[on("clear all")]
///     async fn clear(&self) {
///         self.history.lock().unwrap().clear();
///     }
///
///     fn remember(&self, text: String) -> usize {
///         let mut history = self.history.lock().unwrap();
///         history.push(text);
///         history.len()
///     }
/// }
/// ```
///
/// * A method `on_say` is the handler of the event `say`; `on_connect` and `on_disconnect` are a client's coming and going.
/// * `on_error`, or a method under `#[on_error]`, is the namespace's error handler.
/// * `#[on("any name")]` and `#[event]` (the event is named after the method) make a handler of any other method. They need
///   no import, can be several on one method, and take `guard`, `concurrent` and `blocking`.
/// * `trigger_event` is middleware for all events, see [below](#middleware).
/// * All other items stay as they are.
///
/// One value serves all clients, so handlers take `&self` (or `self: Arc<Self>`, to keep it), and what changes is behind
/// a lock or an atomic. The value is `Default::default()`, unless one is given with `SocketIo::builder().namespace(..)`;
/// a type with neither is refused by `build()`. All handlers of a type are in one impl block, and a namespace has one impl block:
/// `build()` refuses a second one at the same path or at an equal pattern (`/job/{id}` and `/job/{job}`).
///
/// # Middleware
///
/// The method `trigger_event` wraps every event of the namespaces where the value is registered, including `connect`,
/// `disconnect`, unknown events and events that functions handle:
///
/// ```
/// use socketio::{EventCall, Next, Response};
///
/// #[derive(Default)]
/// struct Timed;
///
/// #[socketio::namespace("/timed")]
/// impl Timed {
///     async fn trigger_event(&self, call: EventCall, next: Next) -> socketio::Result<Response> {
///         let (event, begun) = (call.event().to_owned(), std::time::Instant::now());
///         let result = next.run(call).await;
///         println!("{event} took {:?}", begun.elapsed());
///         Ok(result?)
///     }
///
///     async fn on_say(&self, text: String) -> usize {
///         text.len()
///     }
/// }
/// ```
///
/// It is a `Middleware`, as if given to the builder with `middleware_in(path, ..)`. It runs inside of the builder's own
/// middleware and before the guards; where several paths match, that of `"*"` is outermost, and that of a pattern is outside
/// of that of an exact path. The error of its `Result<Response, E>` is any that converts into `BoxError`. It is `async`, and
/// takes none of these attributes.
///
/// # Options
///
/// The path, if [`Namespace`](derive@Namespace) does not give it to the type; `server` and `crate`, as with
/// [`on`](macro@on). And `guard`: before every handler but `on_disconnect` and `on_error`, and before anybody joins, with or
/// without an `on_connect`.
#[proc_macro_attribute]
pub fn namespace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::namespace_impl(arguments.into(), item.into()).into()
}

/// Gives the impl block of a namespace its path.
///
/// ```
/// #[derive(Default, socketio::Namespace)]
/// #[socketio(namespace = "/rooms")]
/// struct Rooms;
///
/// #[socketio::namespace]
/// impl Rooms {
///     async fn on_say(&self, text: String) -> usize {
///         text.len()
///     }
/// }
/// ```
///
/// The path may be a pattern or `"*"`, as with [`on`](macro@on). The other options are `server` and `crate`. `build()` refuses
/// a type without an impl block under [`namespace`](macro@namespace), and one whose impl block names another path or server.
#[proc_macro_derive(Namespace, attributes(socketio))]
pub fn derive_namespace(item: TokenStream) -> TokenStream {
    item::derived(item.into()).into()
}
