//! Socket.IO v5 packets: encoding and decoding, without any I/O.
