use std::time::Duration;

use protocol::state::PendingState;
use protocol::{MessageId, Timestamp};
use uuid::Uuid;

use super::*;

const A_ROOM: RoomId = RoomId(Uuid::from_u128(7));
const OP: OpId = OpId(Uuid::from_u128(9));

fn message(subscription: &str, body: &str) -> Frame {
    Frame::new(Command::Message)
        .with("subscription", subscription)
        .with_body(body)
}

#[test]
fn what_is_said_carries_its_id_and_asks_for_a_receipt() {
    let frame = operation(&Pending {
        op: OP,
        room: A_ROOM,
        at: Timestamp(0),
        change: PendingChange::Post {
            body: "안녕".to_owned(),
            reply_to: Some(MessageId(Uuid::from_u128(3))),
        },
        state: PendingState::Queued,
    });
    assert_eq!(frame.header("destination"), Some("/pub/chat/message"));
    assert_eq!(frame.header("receipt"), Some(OP.to_string().as_str()));
    let body: PostMessage = serde_json::from_slice(&frame.body).unwrap();
    assert_eq!(body.id, Some(OP));
    assert_eq!(body.room_id.id(), A_ROOM);
    assert_eq!(body.body, "안녕");
}

#[test]
fn a_room_is_resumed_after_the_last_event_without_a_gap() {
    let frame = subscribe_room(A_ROOM, Rev(41));
    assert_eq!(frame.header("after"), Some("41"));
    assert_eq!(
        frame.header("destination"),
        Some(format!("/sub/chat/room/{A_ROOM}").as_str())
    );
}

#[test]
fn heart_beats_are_read_from_this_side() {
    let frame = Frame::new(Command::Connected).with("heart-beat", "15000,5000");
    let Heard::LoggedIn { beat, .. } = read(&frame) else {
        panic!("CONNECTED means that the login went well");
    };
    assert_eq!(beat.send, Some(Duration::from_secs(10)));
    assert_eq!(beat.expect, Some(Duration::from_secs(15)));
}

#[test]
fn a_server_without_heart_beats_is_not_waited_for() {
    let heard = read(&Frame::new(Command::Connected));
    let beat = HeartBeat::default();
    assert_eq!(heard, Heard::LoggedIn { beat, user: None });
}

#[test]
fn receipts_are_told_apart() {
    let receipt = |id: &str| read(&Frame::new(Command::Receipt).with("receipt-id", id));
    assert_eq!(receipt("side"), Heard::Receipt(Receipt::Side));
    assert_eq!(
        receipt(&OP.to_string()),
        Heard::Receipt(Receipt::Operation(OP))
    );
    assert_eq!(
        receipt(&format!("room-{A_ROOM}")),
        Heard::Receipt(Receipt::Room(A_ROOM))
    );
    assert_eq!(receipt("of someone else"), Heard::Other);
}

#[test]
fn a_reset_is_of_its_subscriptions_room() {
    let frame = message(&format!("room-{A_ROOM}"), r#"{"type":"reset"}"#);
    assert_eq!(read(&frame), Heard::Reset(A_ROOM));
}

#[test]
fn signals_and_refusals_are_understood() {
    let typing = message(
        &format!("signals-{A_ROOM}"),
        r#"{"type":"typing","user":"00000000-0000-0000-0000-000000000001","on":true}"#,
    );
    assert!(matches!(
        read(&typing),
        Heard::Signal(room, Signal::Typing { on: true, .. }) if room == A_ROOM
    ));
    let refused = message("errors", r#"{"code":"too_fast","detail":"Slow down."}"#);
    assert!(matches!(read(&refused), Heard::Refused(problem) if problem.is_passing()));
}

#[test]
fn an_error_frame_names_the_frame_that_it_is_about() {
    let frame = Frame::new(Command::Error)
        .with("message", "no")
        .with("receipt-id", OP.to_string());
    let Heard::Failed { problem, receipt } = read(&frame) else {
        panic!("ERROR is a failure");
    };
    assert_eq!(problem.detail, "no");
    assert_eq!(receipt, Some(Receipt::Operation(OP)));
}

#[test]
fn words_of_a_newer_server_do_no_harm() {
    let frame = message(
        &format!("signals-{A_ROOM}"),
        r#"{"type":"waving","user":"x"}"#,
    );
    assert!(matches!(read(&frame), Heard::Unreadable { .. }));
}
