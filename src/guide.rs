//! The pages of the guide.

#[doc = include_str!("../docs/guide/handlers.md")]
pub mod handlers {}

#[doc = include_str!("../docs/guide/emitting.md")]
pub mod emitting {}

#[doc = include_str!("../docs/guide/connections.md")]
pub mod connections {}

#[doc = include_str!("../docs/guide/namespaces.md")]
pub mod namespaces {}

#[doc = include_str!("../docs/guide/guards.md")]
pub mod guards {}

#[doc = include_str!("../docs/guide/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/guide/serving.md")]
pub mod serving {}

#[doc = include_str!("../docs/guide/cluster.md")]
pub mod cluster {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/porting-from-flask-socketio.md")]
pub mod porting_from_flask_socketio {}
