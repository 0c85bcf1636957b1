//! What the decoder takes and what it refuses, rule by rule (notes: F1 to F21).

use super::*;

fn decoder(version: Version) -> Decoder {
    let mut decoder = Decoder::new(Limits::AFTER_LOGIN);
    decoder.set_version(version);
    decoder
}

fn all_in(version: Version, bytes: &[u8]) -> Result<Vec<Frame>, DecodeError> {
    let mut decoder = decoder(version);
    decoder.feed(bytes)?;
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame()? {
        frames.push(frame);
    }
    Ok(frames)
}

fn one_in(version: Version, bytes: &[u8]) -> Frame {
    let frames = all_in(version, bytes).unwrap();
    assert_eq!(frames.len(), 1);
    frames.into_iter().next().unwrap()
}

fn error_in(version: Version, bytes: &[u8]) -> DecodeError {
    all_in(version, bytes).unwrap_err()
}

#[test]
fn several_frames_and_heart_beats_come_in_one_chunk() {
    let frames = all_in(
        Version::V1_2,
        b"\n\r\n\0\nSEND\ndestination:/a\n\nhi\0\n\nDISCONNECT\n\n\0\n",
    )
    .unwrap();
    let expected = [
        Frame::new(Command::Send)
            .with("destination", "/a")
            .with_body("hi"),
        Frame::new(Command::Disconnect),
    ];
    assert_eq!(frames, expected);
}

#[test]
fn lines_may_end_in_cr_lf_in_1_2_and_in_the_greeting() {
    let frame = one_in(Version::V1_2, b"SEND\r\na:b\r\n\r\n\r\nx\0");
    assert_eq!(
        frame,
        Frame::new(Command::Send).with("a", "b").with_body("\r\nx")
    );
    for version in Version::ALL {
        let frame = one_in(version, b"CONNECT\r\naccept-version:1.0\r\n\r\n\0");
        assert_eq!(frame.header("accept-version"), Some("1.0"));
    }
    assert!(matches!(
        error_in(Version::V1_1, b"SEND\r\n\r\n\0"),
        DecodeError::UnknownCommand { .. }
    ));
    assert_eq!(
        one_in(Version::V1_1, b"SEND\na:b\r\n\n\0").header("a"),
        Some("b\r")
    );
}

#[test]
fn a_lone_cr_in_the_head_is_refused_in_1_2() {
    assert!(matches!(
        error_in(Version::V1_2, b"SEND\na:b\rc\n\n\0"),
        DecodeError::BadHeader { .. }
    ));
    assert!(matches!(
        error_in(Version::V1_2, b"SE\rND\n\n\0"),
        DecodeError::UnknownCommand { .. }
    ));
}

#[test]
fn each_version_unescapes_names_and_values_in_its_own_way() {
    let bytes = b"SEND\na\\cb:c\\nd\\\\e\n\n\0";
    assert_eq!(one_in(Version::V1_2, bytes).header("a:b"), Some("c\nd\\e"));
    assert_eq!(one_in(Version::V1_1, bytes).header("a:b"), Some("c\nd\\e"));
    assert_eq!(
        one_in(Version::V1_0, bytes).header("a\\cb"),
        Some("c\\nd\\\\e")
    );
    let carriage_return = b"SEND\na:b\\rc\n\n\0";
    assert_eq!(
        one_in(Version::V1_2, carriage_return).header("a"),
        Some("b\rc")
    );
    assert!(matches!(
        error_in(Version::V1_1, carriage_return),
        DecodeError::BadEscape {
            version: Version::V1_1,
            ..
        }
    ));
    for bad in [&b"SEND\na:b\\t\n\n\0"[..], b"SEND\na:b\\\n\n\0"] {
        assert!(matches!(
            error_in(Version::V1_2, bad),
            DecodeError::BadEscape { .. }
        ));
    }
}

#[test]
fn the_greeting_is_never_unescaped() {
    for command in ["CONNECT", "STOMP", "CONNECTED"] {
        let bytes = format!("{command}\npasscode:a\\cb\\t\\\n\n\0");
        let frame = one_in(Version::V1_2, bytes.as_bytes());
        assert_eq!(frame.header("passcode"), Some("a\\cb\\t\\"));
    }
}

#[test]
fn a_raw_colon_may_stand_in_a_value_and_blanks_are_kept() {
    let frame = one_in(Version::V1_2, b"SEND\na: b:c \nempty:\n\n\0");
    assert_eq!(frame.header("a"), Some(" b:c "));
    assert_eq!(frame.header("empty"), Some(""));
}

#[test]
fn a_header_needs_a_name_and_a_colon() {
    for bad in [&b"SEND\nabc\n\n\0"[..], b"SEND\n:abc\n\n\0"] {
        assert!(matches!(
            error_in(Version::V1_2, bad),
            DecodeError::BadHeader { .. }
        ));
    }
    assert_eq!(
        error_in(Version::V1_2, b"SEND\na:\xff\n\n\0"),
        DecodeError::NotUtf8
    );
    assert_eq!(
        error_in(Version::V1_2, b"SEND\na:b\0c\n\n\0"),
        DecodeError::NulInHead
    );
}

#[test]
fn commands_are_case_sensitive_and_soon_refused() {
    for bad in ["send\n", "GET / HTTP/1.1\r\n", "SENDX\n"] {
        assert!(matches!(
            error_in(Version::V1_2, bad.as_bytes()),
            DecodeError::UnknownCommand { .. }
        ));
    }
    // Nobody waits for the end of a line that cannot be a command any more.
    assert!(matches!(
        error_in(Version::V1_2, &[b'x'; 40]),
        DecodeError::UnknownCommand { .. }
    ));
    assert_eq!(error_in(Version::V1_2, b"SEND\0"), DecodeError::NulInHead);
}

#[test]
fn content_length_counts_nul_bytes_in_and_the_first_counts() {
    let frame = one_in(
        Version::V1_2,
        b"SEND\ncontent-length:3\ncontent-length:1\n\na\0b\0",
    );
    assert_eq!(frame.body, b"a\0b");
    assert_eq!(
        one_in(Version::V1_0, b"SEND\ncontent-length: 1\n\na\0").body,
        b"a"
    );
    assert_eq!(
        error_in(Version::V1_2, b"SEND\ncontent-length:1\n\nab\0"),
        DecodeError::NoNul { length: 1 }
    );
    for bad in ["-1", "+1", "x", "", "1.0", "99999999999999999999999"] {
        let bytes = format!("SEND\ncontent-length:{bad}\n\na\0");
        assert!(matches!(
            error_in(Version::V1_2, bytes.as_bytes()),
            DecodeError::BadContentLength { .. }
        ));
    }
}

#[test]
fn only_some_frames_have_a_body() {
    let bytes = b"SUBSCRIBE\nid:1\n\nx\0";
    assert_eq!(
        error_in(Version::V1_2, bytes),
        DecodeError::BodyNotAllowed {
            command: Command::Subscribe
        }
    );
    assert_eq!(one_in(Version::V1_0, bytes).body, b"x");
    assert!(all_in(Version::V1_2, b"SUBSCRIBE\ncontent-length:0\n\n\0").is_ok());
}

#[test]
fn a_body_of_exactly_the_limit_passes_and_one_more_byte_does_not() {
    let limits = Limits {
        frame: 40,
        headers: 2,
        header_line: 20,
    };
    let decode = |bytes: &[u8]| {
        let mut decoder = Decoder::new(limits);
        decoder.feed(bytes)?;
        decoder.next_frame()
    };
    let head = b"SEND\n\n";
    let fits = [&head[..], &[b'x'; 34], b"\0"].concat();
    assert!(decode(&fits).unwrap().is_some());
    let long = [&head[..], &[b'x'; 35], b"\0"].concat();
    assert_eq!(decode(&long), Err(DecodeError::TooLong { limit: 40 }));
    // What is announced too long is refused before it comes.
    assert_eq!(
        decode(b"SEND\ncontent-length:99\n\n"),
        Err(DecodeError::TooLong { limit: 40 })
    );
    assert_eq!(
        decode(b"SEND\na:1\nb:2\nc:3\n\n\0"),
        Err(DecodeError::TooManyHeaders { limit: 2 })
    );
    assert_eq!(
        decode(b"SEND\na:1234567890123456789\n\n\0"),
        Err(DecodeError::HeaderTooLong { limit: 20 })
    );
    assert!(decode(b"SEND\na:123456789012345678\n\n\0").is_ok());
}

#[test]
fn the_limit_holds_over_any_number_of_chunks() {
    let mut decoder = Decoder::new(Limits::BEFORE_LOGIN);
    decoder.feed(b"SEND\n\n").unwrap();
    let mut fed = 6;
    let error = loop {
        if let Err(error) = decoder.feed(&[b'x'; 1000]) {
            break error;
        }
        fed += 1000;
    };
    assert!(fed <= Limits::BEFORE_LOGIN.frame);
    assert_eq!(
        error,
        DecodeError::TooLong {
            limit: Limits::BEFORE_LOGIN.frame
        }
    );
    assert_eq!(decoder.next_frame(), Err(error.clone()));
    assert_eq!(decoder.feed(b"\0SEND\n\n\0"), Err(error));
}

#[test]
fn a_frame_behind_connect_is_read_by_the_version_that_connect_brought() {
    let mut decoder = Decoder::new(Limits::BEFORE_LOGIN);
    decoder
        .feed(b"CONNECT\n\n\0SEND\na:b\\tc\n\nlong\0")
        .unwrap();
    let connect = decoder.next_frame().unwrap().unwrap();
    assert_eq!(connect.command, Command::Connect);
    decoder.set_version(Version::V1_0);
    decoder.set_limits(Limits::AFTER_LOGIN);
    let send = decoder.next_frame().unwrap().unwrap();
    assert_eq!(send.header("a"), Some("b\\tc"));
}

#[test]
fn frames_before_an_error_are_still_given() {
    let mut decoder = decoder(Version::V1_2);
    decoder.feed(b"DISCONNECT\n\n\0nonsense\n").unwrap();
    assert!(decoder.next_frame().unwrap().is_some());
    assert!(decoder.next_frame().is_err());
}

#[test]
fn an_idle_decoder_keeps_little_memory() {
    let mut decoder = decoder(Version::V1_2);
    let frame = Frame::new(Command::Send).with_body(vec![b'x'; 200_000]);
    decoder.feed(&frame.encode(Version::V1_2)).unwrap();
    assert!(decoder.next_frame().unwrap().is_some());
    assert!(decoder.next_frame().unwrap().is_none());
    assert_eq!(decoder.buffer.capacity(), 0);
    decoder.feed(b"\n").unwrap();
    assert_eq!(decoder.buffer.capacity(), 0);
}
