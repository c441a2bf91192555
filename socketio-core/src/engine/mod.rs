//! Engine.IO v4: sessions over long-polling and WebSocket.
