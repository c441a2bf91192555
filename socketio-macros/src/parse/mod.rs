//! Parses tokens into the model. Only the grammar is checked here; the rules are in [`check`](crate::check).

mod argument;
mod argument_messages;
mod arguments;
mod derived;
mod event_type;
mod function;
mod guards;
mod handler;
mod key;
mod namespace_impl;
mod nearest;
mod own_attributes;
mod record;

use arguments::Arguments;
pub(crate) use derived::derived;
pub(crate) use event_type::event_type;
pub(crate) use function::function;
pub(crate) use namespace_impl::namespace_impl;
