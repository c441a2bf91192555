//! Servers over byte streams, through the Engine.IO layer that the in-process `TestClient` bypasses.

mod echo;
