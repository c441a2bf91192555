//! The attributes of the [`socketio`](https://docs.rs/socketio) crate, which re-exports them.
//!
//! `parse` reads the user's code into the `model`, `check` applies the rules, and `expand` generates items beside the
//! user's item, which always stays unchanged.

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
/// Each argument takes the next argument of the event (any type that serde can deserialize, by value), unless its type
/// is one of the crate's own (such as `Socket`, `State<T>`, `Session<T>`, `Request`, `EventName`, `Rest<T>`, `Auth<T>`
/// in `connect`, `Reason` in `disconnect`) or implements `FromEvent`. The return value, or the value of its `Ok`, is
/// sent as the acknowledgement; an `Err` goes to the error handlers. The function may be `async` or not. It stays
/// unchanged and can be called as before.
///
/// # Names of events
///
/// An event can have any name. `"connect"` handles clients that connect, `"disconnecting"` clients that leave and are
/// still in their rooms, `"disconnect"` clients that have disconnected, and `"*"` every event without a handler of its
/// own. The other names that Socket.IO reserves (`connect_error`, `newListener`, `removeListener`) are refused, as in
/// `build()`. If the name is an identifier, use [`event`](macro@event) instead.
///
/// # Options
///
/// | option | default | |
/// |---|---|---|
/// | `namespace = "/chat"` | `"/"` | a path, a pattern such as `"/job/{id}"` or `"/admin/*"`, or `"*"` for every namespace without a handler of its own |
/// | `guard = logged_in`, `guard = [logged_in, role("admin")]` | none | functions that accept or refuse the event, run in this order; see `Guard` |
/// | `rate = "10/s burst 20"` | none | how often a client may send the event; further events are acknowledged with `{"error": "rate limited", "retry_after": seconds}` |
/// | `per = "user"`, `per = "address"` | `"client"` | with `rate`: whose events count together |
/// | `once = id`, `once = order.id`, `once = order_key` | the handler runs for each event | the handler runs once for each key: an argument, a field of one, or a function of the same arguments; a retry gets the stored response; see `EventKey` |
/// | `stream = "token"` | the return value is the acknowledgement | the function returns a `Stream`, `to(room).stream(..)`, or a `Result` of either: each item is an event of this name, and the end is the acknowledgement |
/// | `cancel = "stop"` | none | with `stream`: the event with which a client cancels its streams |
/// | `server = "admin"` | the server without a name | the server that the handler belongs to, in a program with several |
/// | `concurrent` | a client's events are handled one after another | the handler may run concurrently with the client's other events |
/// | `blocking` | on the client's task | runs a function that is not `async` on tokio's blocking pool, where it may block or compute for long; the client's next event waits for it |
/// | `record`, `record(skip = "password")`, `record(skip = ["password", "token"])` | arguments are not kept | the arguments may be recorded, for the HTTP API and for recorders; without the values of these keys, at any depth |
/// | `crate = "path"` | `"::socketio"` | the path of the crate, if it is not `socketio` |
///
/// # Several events
///
/// Each attribute on a function registers it for one event. [`macro@on_error`] can be one of the attributes.
///
/// ```
/// #[socketio::on("say")]
/// #[socketio::on("shout", namespace = "/loud")]
/// fn say(text: String) -> usize {
///     text.len()
/// }
/// ```
///
/// # Generated items
///
/// A hidden type with the name of the function, which `handlers![say]` uses (another type of that name in the module is
/// error E0428), and a constant that registers the function with every server that is built by `SocketIo::builder()`.
#[proc_macro_attribute]
pub fn on(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::On, arguments.into(), item.into()).into()
}

/// Makes a function the handler of the event with the function's name.
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
/// `connect` returns `()`, `bool` or a `Result` of one of these: `false` and every `Err` refuse the client. A raw
/// identifier counts without its `r#`. Otherwise it is like [`on`](macro@on), with the same options.
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
/// It handles the failed events of a namespace (default: `/`), such as those whose handler returned an `Err`, panicked,
/// or could not read its arguments. Its return value is sent as the acknowledgement. It does not handle events without
/// a handler.
///
/// The options are `server` and `crate`, as with [`on`](macro@on).
#[proc_macro_attribute]
pub fn on_error(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Form::OnError, arguments.into(), item.into()).into()
}

/// Makes a function the error handler of all namespaces without an error handler of their own.
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

/// Makes the methods of an impl block the handlers of a namespace.
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
/// * A method `on_say` is the handler of the event `say`; `on_connect` handles clients that connect, `on_disconnecting`
///   clients that leave and are still in their rooms, `on_disconnect` clients that have disconnected.
/// * `on_error`, or a method with `#[on_error]`, is the namespace's error handler.
/// * `#[on("any name")]` and `#[event]` (the event has the method's name) make any other method a handler. They need no
///   import, can be repeated on one method, and take the options of [`on`](macro@on) except `namespace`, `server` and
///   `crate`.
/// * `trigger_event` is middleware for all events, see [below](#middleware).
/// * All other items stay unchanged.
///
/// All clients share one value, so handlers take `&self` (or `self: Arc<Self>`), and mutable data needs a lock or an
/// atomic. The value is `Default::default()`, unless one is given with `SocketIo::builder().namespace(..)`; `build()`
/// refuses a type with neither. All handlers of a type are in one impl block, and a namespace has one impl block:
/// `build()` refuses a second one at the same path or at an equal pattern (`/job/{id}` and `/job/{job}`).
///
/// # Middleware
///
/// The method `trigger_event` wraps every event of the namespaces where the value is registered, including `connect`,
/// `disconnect`, events without a handler and events that functions handle:
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
/// It is a `Middleware`, as if added to the builder with `middleware_in(path, ..)`. It runs inside of the builder's own
/// middleware and before the guards. If several paths match, that of `"*"` is outermost, and a pattern is outside of an
/// exact path. The error type of its `Result<Response, E>` is any type that converts into `BoxError`. The method is
/// `async` and takes none of the attributes above.
///
/// # Options
///
/// * The path, unless the type has one from [`Namespace`](derive@Namespace).
/// * `server` and `crate`, as with [`on`](macro@on).
/// * `rate` and `per`, which count all events of the namespace together.
/// * `guard`, whose guards run before clients connect, with or without an `on_connect`, and before every handler except
///   `on_disconnecting`, `on_disconnect` and `on_error`.
#[proc_macro_attribute]
pub fn namespace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::namespace_impl(arguments.into(), item.into()).into()
}

/// Makes a type an outgoing event with a name and a namespace, which need not be given when a value is emitted.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use socketio::to;
///
/// /// Somebody has said something.
/// #[derive(Serialize, Deserialize, socketio::Event)]
/// #[socketio(event = "chat message", namespace = "/chat")]
/// struct ChatMessage {
///     from: String,
///     text: String,
/// }
///
/// #[socketio::event(namespace = "/chat")]
/// async fn say(text: String) {
///     let from = String::from("ana");
///     to("lobby").emit_event(&ChatMessage { from, text });
/// }
/// ```
///
/// A struct with named fields, or an enum, is the event's only argument. The fields of a tuple struct are its arguments,
/// a unit struct has none. The type must be `Serialize`; with `Deserialize`, the test client reads it:
/// `client.next_event::<ChatMessage>()`.
///
/// # Options
///
/// | option | default | |
/// |---|---|---|
/// | `event = "chat message"` | required | the name of the event |
/// | `namespace = "/chat"` | `"/"` | a path, a pattern such as `"/job/{id}"`, or `"*"` for every namespace |
/// | `ack = bool` | none | the type of the acknowledgement, of an event that asks for one: `to(..).call_event(&value)` returns it; a tuple is several arguments |
/// | `server = "admin"` | the server without a name | the server that emits it, in a program with several |
/// | `crate = "path"` | `"::socketio"` | the path of the crate, if it is not `socketio` |
///
/// # What `build()` checks
///
/// The type registers itself with every server that is built by `SocketIo::builder()`; others take it with
/// `.event::<ChatMessage>()`. `build()` refuses a namespace that the server does not have, and two types with the same
/// name in one namespace. An event that is emitted to another namespace is not sent: see `emit_event`.
#[proc_macro_derive(Event, attributes(socketio))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    item::event_type(item.into()).into()
}

/// Declares the path of a namespace on its type instead of its impl block.
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
/// The path may be a pattern or `"*"`, as with [`on`](macro@on). The other options are `server` and `crate`. `build()`
/// refuses a type without an impl block with [`namespace`](macro@namespace), and one whose impl block has another path
/// or server.
#[proc_macro_derive(Namespace, attributes(socketio))]
pub fn derive_namespace(item: TokenStream) -> TokenStream {
    item::derived(item.into()).into()
}
