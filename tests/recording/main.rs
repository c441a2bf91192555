//! Rows: in the files of a recorder, from a test client, and replayed.

mod directory;
mod files;
mod replay;
mod rows;
