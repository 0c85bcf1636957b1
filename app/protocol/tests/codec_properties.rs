//! What must hold for any frame and any bytes, however they are cut.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use protocol::stomp::{Command, DecodeError, Decoder, Frame, Limits, ServerSession, Version};

const SMALL: Limits = Limits {
    frame: 200,
    headers: 4,
    header_line: 40,
};

/// Everything that the bytes hold when they come in these chunks: the frames, and how it ended.
fn decode<'a>(
    version: Version,
    limits: Limits,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(limits);
    decoder.set_version(version);
    let mut frames = Vec::new();
    for chunk in chunks {
        // The error is met again below, behind the frames that came before it.
        let _ = decoder.feed(chunk);
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

fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|place| &bytes[place[0]..place[1]])
        .collect()
}

fn version() -> impl Strategy<Value = Version> {
    select(Version::ALL.to_vec())
}

/// Text that the version can spell in a header.
fn text(version: Version, command: Command, name: bool) -> BoxedStrategy<String> {
    let greeting = matches!(
        command,
        Command::Connect | Command::Stomp | Command::Connected
    );
    let letters = match (version, name) {
        _ if greeting && name => "[^\0\r\n:]{1,12}",
        _ if greeting => "[^\0\r\n]{0,12}",
        (Version::V1_0, true) => "[^\0\r\n:]{1,12}",
        (Version::V1_0, false) => "[^\0\r\n]{0,12}",
        (_, true) => "([^\0]|[\r\n:\\\\]){1,12}",
        (_, false) => "([^\0]|[\r\n:\\\\]){0,12}",
    };
    letters
        .prop_filter("the encoder writes it itself", |text| {
            text != "content-length"
        })
        .boxed()
}

fn frame(version: Version) -> impl Strategy<Value = Frame> {
    select(Command::ALL.to_vec()).prop_flat_map(move |command| {
        let header = (text(version, command, true), text(version, command, false));
        let longest = if command.may_have_body() { 60 } else { 0 };
        (vec(header, 0..4), vec(any::<u8>(), 0..=longest)).prop_map(move |(headers, body)| Frame {
            command,
            headers,
            body,
        })
    })
}

/// Bytes that look enough like STOMP to reach every part of the decoder.
fn nearly_stomp() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => select(vec![
            &b"SEND\n"[..], b"MESSAGE\r\n", b"CONNECT\n", b"STOMP\n", b"SUBSCRIBE\n", b"send\n",
            b"content-length:", b"destination:/a\n", b"a:b\r\n", b":\n", b"\\n", b"\\c", b"\\r",
            b"\\t", b"\\", b"\n", b"\r", b"\r\n", b"\0", b"\n\n", b"\0\n", b"3\n", b"-1\n", b"99999",
            b"18446744073709551615\n", "한글".as_bytes(), b"\xff",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_again_in_each_version(
        (version, frame) in version().prop_flat_map(|version| (Just(version), frame(version)))
    ) {
        let bytes = frame.encode(version);
        let (mut frames, error) = decode(version, Limits::AFTER_LOGIN, [&bytes[..]]);
        prop_assert_eq!(error, None);
        prop_assert_eq!(frames.len(), 1);
        let mut decoded = frames.remove(0);
        decoded.headers.retain(|(name, _)| name != "content-length");
        prop_assert_eq!(decoded, frame);
    }

    #[test]
    fn any_split_gives_the_same_frames(
        (version, frames, noise) in version().prop_flat_map(|version| (
            Just(version),
            vec(frame(version), 1..5),
            select(vec![&b""[..], b"\n", b"\r\n", b"\n\n\0\n"]),
        )),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let mut bytes = Vec::new();
        for frame in &frames {
            bytes.extend_from_slice(&frame.encode(version));
            bytes.extend_from_slice(noise);
        }
        let whole = decode(version, Limits::AFTER_LOGIN, [&bytes[..]]);
        prop_assert_eq!(whole.0.len(), frames.len());
        prop_assert_eq!(&decode(version, Limits::AFTER_LOGIN, cut(&bytes, &cuts)), &whole);
        prop_assert_eq!(&decode(version, Limits::AFTER_LOGIN, bytes.chunks(1)), &whole);
    }

    #[test]
    fn any_split_of_any_bytes_gives_the_same_frames_and_the_same_error(
        version in version(),
        bytes in nearly_stomp(),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        for limits in [Limits::BEFORE_LOGIN, SMALL] {
            let whole = decode(version, limits, [&bytes[..]]);
            prop_assert_eq!(&decode(version, limits, cut(&bytes, &cuts)), &whole);
            prop_assert_eq!(&decode(version, limits, bytes.chunks(1)), &whole);
        }
    }

    #[test]
    fn random_bytes_panic_neither_the_decoder_nor_the_session(
        version in version(),
        bytes in prop_oneof![vec(any::<u8>(), 0..400), nearly_stomp()],
        accepted in select(vec!["1.0", "1.1", "1.2"]),
    ) {
        let mut session = ServerSession::new();
        let connect = Frame::new(Command::Connect).with("accept-version", accepted);
        session.on_frame(connect).unwrap();
        for frame in decode(version, Limits::BEFORE_LOGIN, bytes.chunks(7)).0 {
            if let Err(violation) = session.on_frame(frame) {
                let answer = violation.frame().encode(session.version());
                let (frames, error) = decode(session.version(), Limits::AFTER_LOGIN, [&answer[..]]);
                prop_assert_eq!((frames.len(), error), (1, None));
            }
        }
    }

    #[test]
    fn no_frame_exceeds_the_limits(version in version(), bytes in nearly_stomp()) {
        for frame in decode(version, SMALL, [&bytes[..]]).0 {
            prop_assert!(frame.headers.len() <= SMALL.headers);
            let mut length = frame.command.name().len() + 2 + frame.body.len();
            for (name, value) in &frame.headers {
                prop_assert!(name.len() + 1 + value.len() <= SMALL.header_line);
                length += name.len() + 1 + value.len() + 1;
            }
            prop_assert!(length <= SMALL.frame);
        }
    }

    #[test]
    fn what_never_ends_is_refused_at_the_limit(
        chunk in 1_usize..500,
        start in select(vec!["", "SEND\n", "SEND\na:", "SEND\n\n", "SEND\ncontent-length:180\n\n"]),
    ) {
        let mut decoder = Decoder::new(SMALL);
        let endless = [start.as_bytes(), &[b'x'; 1000]].concat();
        let mut taken = 0;
        for chunk in endless.chunks(chunk) {
            if decoder.feed(chunk).is_err() {
                break;
            }
            taken += chunk.len();
        }
        prop_assert!(taken <= SMALL.frame);
    }
}

/// Were the bytes looked at again with each one that comes, this would take hours.
#[test]
fn a_long_frame_that_trickles_in_costs_no_more_than_one_that_comes_whole() {
    let head = "SEND\n".to_owned() + &"name:value\n".repeat(90);
    let bytes = [head.as_bytes(), b"\n", &[b'x'; 250_000], b"\0"].concat();
    let (frames, error) = decode(Version::V1_2, Limits::AFTER_LOGIN, bytes.chunks(1));
    assert_eq!(error, None);
    assert_eq!(frames[0].body.len(), 250_000);
}
