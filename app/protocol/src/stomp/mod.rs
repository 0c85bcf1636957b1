//! STOMP 1.0, 1.1 and 1.2 without any I/O: frames, the incremental decoder, the encoder, and the
//! rules of a server's session.

mod decode;
mod error;
mod frame;
mod heartbeat;
mod session;

pub use decode::{Decoder, Limits};
pub use error::DecodeError;
pub use frame::{Command, Frame, Version, escape_into};
pub use heartbeat::HeartBeat;
pub use session::{Connect, Request, ServerSession, Violation};
