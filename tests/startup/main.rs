//! What `build()` finds out, and which handlers it finds.
//!
//! Handlers with an attribute in this program are linked into its servers: a test that reads the problems of such a server looks for its own.

mod definitions;
mod description;
mod linked;
mod options;
