//! The guide.
//!
//! | | |
//! |---|---|
//! | First steps | [getting started](getting_started), [what the compiler says](compiler_messages), [questions and answers](faq) |
//! | Writing handlers | [handlers](handlers), [emitting](emitting), [rooms](rooms), [connections](connections), [state](state), [sessions and authentication](sessions), [namespaces as structs](namespaces), [guards and middleware](guards), [errors](errors), [testing](testing) |
//! | Operating a server | [serving](serving), [deployment](deployment), [debugging](debugging), [troubleshooting](troubleshooting), [limits and defaults](limits), [performance](performance), [compile time](compile_time), [several processes](cluster) |
//! | Coming from elsewhere | [Flask-SocketIO](porting_from_flask_socketio), [Socket.IO for Node](from_socketio_node), [socketioxide](from_socketioxide) |

#[doc = include_str!("../docs/guide/getting-started.md")]
pub mod getting_started {}

#[doc = include_str!("../docs/guide/handlers.md")]
pub mod handlers {}

#[doc = include_str!("../docs/guide/emitting.md")]
pub mod emitting {}

#[doc = include_str!("../docs/guide/rooms.md")]
pub mod rooms {}

#[doc = include_str!("../docs/guide/connections.md")]
pub mod connections {}

#[doc = include_str!("../docs/guide/state.md")]
pub mod state {}

#[doc = include_str!("../docs/guide/sessions.md")]
pub mod sessions {}

#[doc = include_str!("../docs/guide/namespaces.md")]
pub mod namespaces {}

#[doc = include_str!("../docs/guide/guards.md")]
pub mod guards {}

#[doc = include_str!("../docs/guide/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/serving.md")]
pub mod serving {}

#[doc = include_str!("../docs/guide/deployment.md")]
pub mod deployment {}

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
