//! STOMP 1.0, 1.1 and 1.2 without any I/O: frames, the incremental decoder, the encoder, and the
//! rules of a server's session.
