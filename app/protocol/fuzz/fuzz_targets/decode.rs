//! Any bytes, in any split, with any version: no panic, the same frames and the same error as in
//! one piece, no frame beyond the limits, and what was decoded is decoded again after encoding.
//!
//! Run it with `cargo +nightly fuzz run decode` in `app/protocol`. Without nightly or cargo-fuzz:
//!
//! ```text
//! cd app/protocol/fuzz
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module \
//!   -Cllvm-args=-sanitizer-coverage-level=4 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
//!   -Cllvm-args=-sanitizer-coverage-pc-table \
//!   -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
//!   cargo run --release --target x86_64-unknown-linux-gnu --bin decode -- -max_total_time=60
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::stomp::{DecodeError, Decoder, Frame, Limits, ServerSession, Version};

const LIMITS: Limits = Limits {
    frame: 512,
    headers: 6,
    header_line: 64,
};

fuzz_target!(|data: &[u8]| {
    // The first two bytes choose the version and the size of the pieces.
    let Some(([choice, piece], bytes)) = data.split_first_chunk::<2>() else {
        return;
    };
    let version = Version::ALL[usize::from(*choice) % Version::ALL.len()];
    let piece = usize::from(*piece) + 1;

    let whole = decode(version, std::iter::once(bytes));
    assert_eq!(whole, decode(version, bytes.chunks(piece)));
    assert_eq!(whole, decode(version, bytes.chunks(1)));

    let mut session = ServerSession::new();
    for frame in whole.0 {
        assert!(frame.headers.len() <= LIMITS.headers);
        assert!(frame.body.len() <= LIMITS.frame);
        let mut again = Decoder::new(Limits::AFTER_LOGIN);
        again.set_version(version);
        again
            .feed(&frame.encode(version))
            .expect("what was encoded can be decoded");
        let again = again
            .next_frame()
            .expect("what was encoded can be decoded")
            .expect("what was encoded is whole");
        // 1.0 has no way to spell a carriage return, so the encoder replaces it.
        let spellable = version > Version::V1_0 || !format!("{:?}", frame.headers).contains("\\r");
        if spellable {
            assert_eq!(without_length(again), without_length(frame.clone()));
        }
        if let Err(violation) = session.on_frame(frame) {
            let _ = violation.frame().encode(session.version());
        }
    }
});

fn decode<'a>(
    version: Version,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(LIMITS);
    decoder.set_version(version);
    let mut frames = Vec::new();
    for piece in pieces {
        // The error is met again behind the frames that came before it.
        let _ = decoder.feed(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

/// The encoder writes the length anew.
fn without_length(mut frame: Frame) -> Frame {
    frame.headers.retain(|(name, _)| name != "content-length");
    frame
}
