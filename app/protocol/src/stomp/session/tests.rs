//! Which frame may come when (notes: C, SE, SU, UN, AK, TX, DI, RC).

use super::*;

fn session(version: Version) -> ServerSession {
    let mut session = ServerSession::new();
    let connect = Frame::new(Command::Connect).with("accept-version", version.tag());
    session.on_frame(connect).unwrap();
    assert_eq!(session.version(), version);
    session
}

fn connected(frame: Frame) -> Connect {
    match ServerSession::new().on_frame(frame) {
        Ok(Request::Connect(connect)) => connect,
        other => panic!("{other:?}"),
    }
}

fn refused(session: &mut ServerSession, frame: Frame) -> Violation {
    session
        .on_frame(frame.with("receipt", "r-1"))
        .expect_err("a violation")
}

fn subscribe(id: &str) -> Frame {
    Frame::new(Command::Subscribe)
        .with("id", id)
        .with("destination", "/sub/a")
}

#[test]
fn the_highest_common_version_is_chosen() {
    for (accepted, version) in [
        ("1.2,1.1,1.0", Version::V1_2),
        ("1.0, 1.1 ,2.0", Version::V1_1),
        ("1.0", Version::V1_0),
    ] {
        for command in [Command::Connect, Command::Stomp] {
            let connect = connected(Frame::new(command).with("accept-version", accepted));
            assert_eq!(connect.version, version);
        }
    }
}

#[test]
fn a_client_that_names_no_version_speaks_1_0() {
    let connect = connected(
        Frame::new(Command::Connect)
            .with("login", " kim")
            .with("passcode", "")
            .with("heart-beat", "10000,10000"),
    );
    assert_eq!(connect.version, Version::V1_0);
    assert_eq!(connect.login.as_deref(), Some("kim"));
    assert_eq!(connect.passcode, None);
    assert_eq!(connect.heart_beat, (0, 0));
}

#[test]
fn no_common_version_is_answered_with_those_that_are_spoken() {
    let mut session = ServerSession::new();
    let violation = session
        .on_frame(Frame::new(Command::Connect).with("accept-version", "2.0"))
        .unwrap_err();
    let frame = violation.frame();
    assert_eq!(frame.command, Command::Error);
    assert_eq!(frame.header("version"), Some("1.0,1.1,1.2"));
    assert!(!frame.body.is_empty());
}

#[test]
fn connect_brings_the_token_and_the_heart_beat() {
    let connect = connected(
        Frame::new(Command::Connect)
            .with("accept-version", "1.2")
            .with("authorization", "Bearer abc")
            .with("heart-beat", "5000,0"),
    );
    assert_eq!(connect.authorization.as_deref(), Some("Bearer abc"));
    assert_eq!(connect.heart_beat, (5000, 0));
    let mut session = ServerSession::new();
    let bad = Frame::new(Command::Connect).with("heart-beat", "soon");
    assert!(session.on_frame(bad).is_err());
}

#[test]
fn nothing_may_come_before_connect_and_nothing_after_disconnect() {
    let mut session = ServerSession::new();
    assert!(session.on_frame(subscribe("a")).is_err());
    let mut session = self::session(Version::V1_1);
    let bye = Frame::new(Command::Disconnect).with("receipt", "close-1");
    assert_eq!(
        session.on_frame(bye),
        Ok(Request::Disconnect {
            receipt: Some("close-1".into())
        })
    );
    assert!(session.on_frame(subscribe("a")).is_err());
    // The RECEIPT is still written in the version that was agreed upon.
    assert_eq!(session.version(), Version::V1_1);
}

#[test]
fn a_second_connect_is_refused() {
    let mut session = session(Version::V1_2);
    let violation = refused(&mut session, Frame::new(Command::Connect));
    assert_eq!(violation.message, "already connected");
}

#[test]
fn a_violation_carries_the_receipt_of_its_frame() {
    let mut session = session(Version::V1_2);
    let violation = refused(&mut session, Frame::new(Command::Send));
    assert_eq!(violation.message, "missing header: destination");
    assert_eq!(violation.frame().header("receipt-id"), Some("r-1"));
}

#[test]
fn a_send_goes_through_with_its_body_and_receipt() {
    let mut session = session(Version::V1_2);
    let frame = Frame::new(Command::Send)
        .with("destination", " /pub ")
        .with("receipt", "1")
        .with_body("x");
    assert_eq!(
        session.on_frame(frame),
        Ok(Request::Send {
            destination: " /pub ".into(),
            body: b"x".to_vec(),
            receipt: Some("1".into())
        })
    );
}

#[test]
fn a_subscription_needs_an_id_except_in_1_0() {
    let frame = Frame::new(Command::Subscribe)
        .with("destination", "/sub/a")
        .with("after", "7");
    for version in [Version::V1_1, Version::V1_2] {
        assert!(session(version).on_frame(frame.clone()).is_err());
    }
    assert_eq!(
        session(Version::V1_0).on_frame(frame),
        Ok(Request::Subscribe {
            id: "/sub/a".into(),
            destination: "/sub/a".into(),
            after: Some("7".into()),
            receipt: None
        })
    );
}

#[test]
fn an_id_is_used_once_at_a_time() {
    let mut session = session(Version::V1_2);
    let unsubscribe = Frame::new(Command::Unsubscribe).with("id", "a");
    session.on_frame(subscribe("a")).unwrap();
    session.on_frame(subscribe("b")).unwrap();
    session.on_frame(unsubscribe.clone()).unwrap();
    session.on_frame(subscribe("a")).unwrap();
    let violation = refused(&mut session, subscribe("a"));
    assert_eq!(violation.message, "duplicate subscription");
}

#[test]
fn whoever_was_refused_may_end_the_subscription_or_try_again() {
    let unsubscribe = Frame::new(Command::Unsubscribe).with("id", "a");
    let mut session = session(Version::V1_2);
    session.on_frame(subscribe("a")).unwrap();
    session.forget("a");
    assert!(session.on_frame(unsubscribe.clone()).is_ok());
    let violation = refused(&mut session, unsubscribe);
    assert_eq!(violation.message, "unknown subscription");
    session.on_frame(subscribe("a")).unwrap();
    session.forget("a");
    assert!(session.on_frame(subscribe("a")).is_ok());
}

#[test]
fn a_1_0_client_unsubscribes_by_destination_whatever_the_id() {
    let unsubscribe = Frame::new(Command::Unsubscribe).with("destination", "/sub/a");
    let mut session = session(Version::V1_0);
    session.on_frame(subscribe("x")).unwrap();
    assert_eq!(
        session.on_frame(unsubscribe.clone()),
        Ok(Request::Unsubscribe {
            id: "x".into(),
            receipt: None
        })
    );
    assert!(session.on_frame(unsubscribe).is_err());
}

#[test]
fn what_is_not_supported_is_said_and_not_silently_ignored() {
    let unsupported = [
        subscribe("a").with("ack", "client"),
        subscribe("a").with("ack", "client-individual"),
        Frame::new(Command::Ack).with("id", "1"),
        Frame::new(Command::Nack).with("id", "1"),
        Frame::new(Command::Begin).with("transaction", "t"),
        Frame::new(Command::Commit),
        Frame::new(Command::Abort),
        Frame::new(Command::Send)
            .with("destination", "/pub")
            .with("transaction", "t"),
    ];
    for frame in unsupported {
        let mut session = session(Version::V1_2);
        let violation = refused(&mut session, frame);
        assert!(violation.message.ends_with("not supported"));
        assert_eq!(violation.receipt.as_deref(), Some("r-1"));
    }
    let mut session = session(Version::V1_2);
    assert!(session.on_frame(subscribe("a").with("ack", "auto")).is_ok());
    let violation = refused(&mut session, subscribe("b").with("ack", "maybe"));
    assert_eq!(violation.message, "unknown ack mode");
}

#[test]
fn a_server_s_command_is_refused() {
    for command in [
        Command::Connected,
        Command::Message,
        Command::Receipt,
        Command::Error,
    ] {
        let violation = refused(&mut session(Version::V1_2), Frame::new(command));
        assert_eq!(violation.message, "not a client's command");
    }
}

#[test]
fn subscriptions_are_bounded_in_bytes() {
    let mut session = session(Version::V1_2);
    let mut open = 0;
    let violation = loop {
        let frame = subscribe(&format!("{open:04000}"));
        match session.on_frame(frame) {
            Ok(_) => open += 1,
            Err(violation) => break violation,
        }
    };
    assert_eq!(violation.message, "too many subscriptions");
    assert!(open * 4000 <= ServerSession::SUBSCRIPTION_BYTES);
    let first = format!("{:04000}", 0);
    session.forget(&first);
    assert!(session.on_frame(subscribe(&first)).is_ok());
}

#[test]
fn subscriptions_are_bounded_in_number() {
    let mut session = session(Version::V1_2);
    for open in 0..ServerSession::SUBSCRIPTIONS {
        assert!(session.on_frame(subscribe(&open.to_string())).is_ok());
    }
    let unsubscribe = Frame::new(Command::Unsubscribe).with("id", "7");
    assert!(session.on_frame(unsubscribe).is_ok());
    assert!(session.on_frame(subscribe("another")).is_ok());
    let violation = refused(&mut session, subscribe("one too many"));
    assert_eq!(violation.message, "too many subscriptions");
}

#[test]
fn a_decoding_error_becomes_an_error_frame() {
    let violation = Violation::from(DecodeError::TooLong { limit: 10 });
    let frame = violation.frame();
    assert_eq!(frame.header("message"), Some("frame too large"));
    assert_eq!(
        frame.body,
        b"the frame is longer than the 10 bytes that are allowed"
    );
}
