//! From tokens to the model. Only the grammar is judged here, the rules are in [`check`](crate::check).

mod arguments;
mod class;
mod derived;
mod function;
mod guards;
mod handler;
mod nearest;

use arguments::Arguments;
pub(crate) use class::class;
pub(crate) use derived::derived;
pub(crate) use function::function;
