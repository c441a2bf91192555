//! The guide, page by page. The pages are in the order of a first reading, and each can be read alone.
//!
//! | page | contents |
//! |---|---|
//! | **First steps** | |
//! | [Getting started](self::getting_started) | a project, a page, and clients in JavaScript and Python |
//! | **Writing a server** | |
//! | [Handlers](self::handlers) | attributes, arguments, return values, order, blocking code, catch-alls |
//! | [Emitting](self::emitting) | recipients, payloads, slow clients, acknowledgements of clients |
//! | [Streaming](self::streaming) | handlers that return a stream, uploads in chunks |
//! | [Rooms](self::rooms) | private rooms, users, lists of clients, presence |
//! | [Connections](self::connections) | `connect`, `disconnect`, and the reasons of a disconnect |
//! | [State](self::state) | values of the server, shared with axum and middleware |
//! | [Sessions and authentication](self::sessions) | values of a client; logging in, refusing, expiry |
//! | [Recovery](self::recovery) | clients that come back after a lost connection, and receive the events that they have missed |
//! | [History](self::history) | rooms whose events are kept for clients that join later |
//! | [Namespaces as structs](self::namespaces) | handlers as methods, patterns, lists of handlers for larger programs |
//! | [Guards and middleware](self::guards) | authorizing events, wrapping events, checking the HTTP handshake |
//! | [Errors](self::errors) | failed events, error handlers |
//! | [Delivery guarantees](self::delivery) | events that run once, events that are kept until they are acknowledged, what may be lost |
//! | [Typed contracts](self::contracts) | events with types, and their description as TypeScript, AsyncAPI, JSON Schema and a page |
//! | [Testing](self::testing) | the test client, paused time, clusters in one process |
//! | [Compiler messages](self::compiler_messages) | compiler errors that don't mention events, and their solutions |
//! | **Operation** | |
//! | [Serving](self::serving) | ports, TLS, axum and hyper, CORS, parsers, shutting down |
//! | [Deployment](self::deployment) | systemd, containers, file limits, health checks, proxies, several nodes |
//! | [Clients](self::clients) | the tested client programs, and their limits |
//! | [Monitoring](self::monitoring) | metrics, Prometheus, probes, a dashboard, alerts |
//! | [Recording and analytics](self::recording) | connections, events and acknowledgements as rows: in files, in DuckDB with dlt, in tests; replay |
//! | [HTTP API](self::http_api) | listing clients, reading events and emitting from other programs |
//! | [Debugging](self::debugging) | logging, the list of log lines, packets, the admin interface |
//! | [Troubleshooting](self::troubleshooting) | symptoms, their causes and solutions |
//! | [Limits and defaults](self::limits) | every option with a limit |
//! | [Performance](self::performance) | what costs CPU time and memory, and how to reduce it |
//! | [Compile time](self::compile_time) | how long handlers take to compile |
//! | [Several processes](self::cluster) | a cluster over Redis, RabbitMQ, Kafka or NATS; with Python |
//! | [Questions and answers](self::faq) | short answers, with links |
//! | **Migration** | |
//! | [Coming from Flask-SocketIO](self::porting_from_flask_socketio) | side by side |
//! | [Coming from Node's `socket.io`](self::from_socketio_node) | side by side |
//! | [Coming from socketioxide](self::from_socketioxide) | side by side |

#[doc = include_str!("../docs/guide/getting-started.md")]
pub mod getting_started {}

#[doc = include_str!("../docs/guide/handlers.md")]
pub mod handlers {}

#[doc = include_str!("../docs/guide/emitting.md")]
pub mod emitting {}

#[doc = include_str!("../docs/guide/streaming.md")]
pub mod streaming {}

#[doc = include_str!("../docs/guide/rooms.md")]
pub mod rooms {}

#[doc = include_str!("../docs/guide/connections.md")]
pub mod connections {}

#[doc = include_str!("../docs/guide/state.md")]
pub mod state {}

#[doc = include_str!("../docs/guide/sessions.md")]
pub mod sessions {}

#[doc = include_str!("../docs/guide/recovery.md")]
pub mod recovery {}

#[doc = include_str!("../docs/guide/history.md")]
pub mod history {}

#[doc = include_str!("../docs/guide/namespaces.md")]
pub mod namespaces {}

#[doc = include_str!("../docs/guide/guards.md")]
pub mod guards {}

#[doc = include_str!("../docs/guide/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/guide/contracts.md")]
pub mod contracts {}

#[doc = include_str!("../docs/guide/delivery.md")]
pub mod delivery {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/serving.md")]
pub mod serving {}

#[doc = include_str!("../docs/guide/deployment.md")]
pub mod deployment {}

#[doc = include_str!("../docs/guide/clients.md")]
pub mod clients {}

#[doc = include_str!("../docs/guide/monitoring.md")]
pub mod monitoring {}

#[doc = include_str!("../docs/guide/http-api.md")]
pub mod http_api {}

#[doc = include_str!("../docs/guide/recording.md")]
pub mod recording {}

#[doc = include_str!("../docs/guide/debugging.md")]
pub mod debugging {}

#[doc = include_str!("../docs/guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../docs/guide/compiler-messages.md")]
pub mod compiler_messages {}

#[doc = include_str!("../docs/guide/limits.md")]
pub mod limits {}

#[doc = include_str!("../docs/guide/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/guide/compile-time.md")]
pub mod compile_time {}

#[doc = include_str!("../docs/guide/cluster.md")]
pub mod cluster {}

#[doc = include_str!("../docs/guide/faq.md")]
pub mod faq {}

#[doc = include_str!("../docs/guide/from-socketio-node.md")]
pub mod from_socketio_node {}

#[doc = include_str!("../docs/guide/from-socketioxide.md")]
pub mod from_socketioxide {}

#[doc = include_str!("../docs/porting-from-flask-socketio.md")]
pub mod porting_from_flask_socketio {}
