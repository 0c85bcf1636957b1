//! The STOMP endpoint as clients meet it.

mod common;

use std::time::Duration;

use common::{Node, config, id, stomp::body};
use protocol::RoomId;
use protocol::stomp::{Command, Frame};
use serde_json::json;
use server::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::common::Stomp;

fn room(id: &str) -> String {
    format!("/sub/chat/room/{id}")
}

#[tokio::test]
async fn the_highest_subprotocol_is_chosen_and_the_version_by_connect() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    for (path, offered, chosen) in [
        ("/stomp", "v10.stomp, v12.stomp", Some("v12.stomp")),
        ("/stomp/websocket", "v11.stomp", Some("v11.stomp")),
        ("/stomp/chat", "", None),
    ] {
        let stomp = Stomp::open_at(node.address, path, offered).await;
        assert_eq!(stomp.protocol.as_deref(), chosen);
    }
    for (accepts, version) in [
        (None, "1.0"),
        (Some("1.1,1.0"), "1.1"),
        (Some("1.2,2.0"), "1.2"),
    ] {
        let mut stomp = Stomp::open(node.address).await;
        let mut connect =
            Frame::new(Command::Connect).with("Authorization", format!("Bearer {}", ann.token));
        if let Some(accepts) = accepts {
            connect = connect.with("accept-version", accepts);
        }
        stomp.send(&connect).await;
        assert_eq!(stomp.frame().await.header("version"), Some(version));
    }
}

#[tokio::test]
async fn a_receipt_comes_after_the_message_is_stored_and_the_event_once() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let (mut a, mut b) = (node.stomp(&ann).await, node.stomp(&bob).await);
    b.subscribed("s", &room(&yard), None).await;
    let message = id();
    let post = json!({ "id": message, "roomId": yard, "body": "안녕하세요" });
    for receipt in ["first", "again"] {
        a.publish("/pub/chat/message", &post, Some(receipt)).await;
        assert_eq!(a.receipt().await, receipt);
    }
    let stored = ann
        .http
        .get(&format!("/api/rooms/{yard}/messages"))
        .await
        .json();
    assert_eq!(stored["items"].as_array().unwrap().len(), 1);

    let event = b.message().await;
    assert_eq!(event["type"], "posted");
    assert_eq!(event["rev"], 2);
    assert_eq!(event["message"]["body"], "안녕하세요");
    a.publish(
        "/pub/chat/message",
        &json!({ "roomId": yard, "message": "old", "writer": "bob" }),
        None,
    )
    .await;
    let event = b.message().await;
    assert_eq!(event["rev"], 3, "the repeat made no second event");
    assert_eq!(
        event["by"],
        json!(ann.id),
        "a writer is whoever is signed in"
    );
}

#[tokio::test]
async fn a_subscription_replays_what_was_missed_and_goes_live_without_a_seam() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut a = node.stomp(&ann).await;
    for n in 0..300 {
        let post = json!({ "id": id(), "roomId": yard, "body": format!("{n}") });
        a.publish("/pub/chat/message", &post, Some(&n.to_string()))
            .await;
    }
    let mut b = node.stomp(&bob).await;
    // In the midst of the writing.
    b.subscribe("s", &room(&yard), Some(0)).await;
    let mut revs = Vec::new();
    while revs.len() < 301 {
        revs.push(b.message().await["rev"].as_u64().unwrap());
    }
    assert_eq!(revs, (1..=301).collect::<Vec<_>>());
}

#[tokio::test]
async fn sends_of_one_client_keep_their_order_without_waiting_for_each_other() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let mut a = node.stomp(&ann).await;
    let direct = format!("{}&{}", ann.id, bob.id);
    for n in 0..100 {
        let post = json!({ "id": id(), "roomId": direct, "body": format!("{n}") });
        a.publish("/pub/chat/message", &post, Some(&n.to_string()))
            .await;
    }
    for n in 0..100 {
        assert_eq!(a.receipt().await, n.to_string());
    }
    let path = format!(
        "/api/rooms/{}/messages?limit=200",
        RoomId::direct(ann.id, bob.id)
    );
    let stored = bob.http.get(&path).await.json();
    let bodies: Vec<_> = stored["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["body"].clone())
        .collect();
    assert_eq!(
        bodies,
        (0..100).map(|n| json!(n.to_string())).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn whoever_is_far_behind_is_told_to_start_afresh() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    let before = a.subscribed("s", &room(&yard), Some(99)).await;
    assert_eq!(before, [json!({ "type": "reset" })]);
}

#[tokio::test]
async fn a_strangers_room_is_refused_like_one_that_does_not_exist() {
    let node = Node::start().await;
    let (ann, eve) = (node.person("ann").await, node.person("eve").await);
    let yard = node.group(&[&ann]).await;
    let mut e = node.stomp(&eve).await;
    e.subscribed("errors", "/user/queue/errors", None).await;
    let mut answers = Vec::new();
    for wanted in [yard.clone(), id()] {
        e.subscribe(&wanted, &room(&wanted), None).await;
        let mut problem = e.message().await;
        problem["detail"] = json!(problem["detail"].as_str().unwrap().replace(&wanted, "ROOM"));
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["code"], "room_not_found");
    // A client that has not heard of the refusal yet may end what it thinks it has.
    let end = Frame::new(Command::Unsubscribe).with("id", &yard);
    e.send(&end.with("receipt", "off")).await;
    assert_eq!(e.receipt().await, "off");
    let post = json!({ "id": id(), "roomId": yard, "body": "hi" });
    e.publish("/pub/chat/message", &post, Some("never")).await;
    let problem = e.message().await;
    assert_eq!(
        (&problem["code"], &problem["id"]),
        (&json!("room_not_found"), &post["id"])
    );

    // Without that queue the only way to say it is ERROR, and the end.
    let mut deaf = node.stomp(&eve).await;
    deaf.subscribe("s", &room(&yard), None).await;
    let (frames, code) = deaf.until_closed().await;
    assert_eq!(frames[0].command, Command::Error);
    assert_eq!(code, 1002);
}

#[tokio::test]
async fn what_the_domain_refuses_is_said_with_the_operations_id_and_no_receipt() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    a.subscribed("errors", "/user/queue/errors", None).await;
    for (body, code) in [
        (
            json!({ "id": id(), "roomId": yard, "body": "   " }),
            "empty",
        ),
        (
            json!({ "id": id(), "roomId": yard, "body": "가".repeat(10_001) }),
            "too_long",
        ),
        (
            json!({ "id": id(), "roomId": yard, "body": "a\u{0}b" }),
            "bad_text",
        ),
        (json!({ "id": id(), "roomId": yard }), "bad_request"),
    ] {
        a.publish("/pub/chat/message", &body, Some("never")).await;
        let problem = a.message().await;
        assert_eq!(problem["code"], code);
        assert_eq!(problem["id"], body["id"]);
    }
    let post = json!({ "id": id(), "roomId": yard, "body": "fine" });
    a.publish("/pub/chat/message", &post, Some("fine")).await;
    assert_eq!(
        a.receipt().await,
        "fine",
        "nothing refused was acknowledged"
    );
}

#[tokio::test]
async fn a_repeated_id_with_another_text_is_acknowledged_and_told_that_the_first_one_stands() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    a.subscribed("errors", "/user/queue/errors", None).await;
    let message = id();
    let post = |body| json!({ "id": message, "roomId": yard, "body": body });
    // The second is the same text, in letters taken apart.
    for (n, body) in ["각", "\u{1100}\u{1161}\u{11a8}"].into_iter().enumerate() {
        a.publish("/pub/chat/message", &post(body), Some(&n.to_string()))
            .await;
        assert_eq!(a.frame().await.header("receipt-id"), Some(&*n.to_string()));
    }

    a.publish("/pub/chat/message", &post("갂"), Some("other"))
        .await;
    let told = body(&a.frame().await);
    assert_eq!(
        (&told["code"], &told["id"]),
        (&json!("id_taken"), &json!(message))
    );
    assert_eq!(a.frame().await.header("receipt-id"), Some("other"));
    let path = format!("/api/rooms/{yard}/messages");
    assert_eq!(ann.http.get(&path).await.json()["items"][0]["body"], "각");

    // What it said before it was edited is nowhere any more, so it may be what is sent again.
    let edit = json!({ "roomId": yard, "messageId": message, "body": "간" });
    a.publish("/pub/chat/edit", &edit, Some("edited")).await;
    a.publish("/pub/chat/message", &post("각"), Some("again"))
        .await;
    for receipt in ["edited", "again"] {
        assert_eq!(a.frame().await.header("receipt-id"), Some(receipt));
    }
}

#[tokio::test]
async fn a_member_who_is_removed_hears_nothing_more() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut b = node.stomp(&bob).await;
    b.subscribed("side", &format!("/sub/chat/side/{}", bob.id), None)
        .await;
    b.subscribed("s", &room(&yard), None).await;
    b.subscribed("all", "/user/queue/messages", None).await;
    let path = format!("/api/rooms/{yard}/members/{}", bob.id);
    assert!(ann.http.delete(&path).await.status < 300);
    let mut a = node.stomp(&ann).await;
    let post = json!({ "id": id(), "roomId": yard, "body": "secret" });
    a.publish("/pub/chat/message", &post, Some("r")).await;
    a.receipt().await;
    loop {
        let heard = b.message().await;
        assert!(!heard.to_string().contains("secret"), "{heard}");
        if heard == json!({ "type": "gone", "room": yard }) {
            break;
        }
    }
    b.subscribed("errors", "/user/queue/errors", None).await;
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let mut a = node.stomp(&ann).await;
    assert!(ann.http.post("/api/auth/logout", &json!({})).await.status < 300);
    assert_eq!(a.until_closed().await.1, 4401);
    let mut again = Stomp::open(node.address).await;
    let connect = Frame::new(Command::Connect)
        .with("accept-version", "1.2")
        .with("Authorization", format!("Bearer {}", ann.token));
    again.send(&connect).await;
    let (frames, code) = again.until_closed().await;
    assert_eq!(frames[0].command, Command::Error);
    assert_eq!(code, 4401);
}

#[tokio::test]
async fn the_room_list_follows_and_reading_to_the_head_makes_unread_zero() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let mut b = node.stomp(&bob).await;
    b.subscribed("side", &format!("/sub/chat/side/{}", bob.id), None)
        .await;
    let mut a = node.stomp(&ann).await;
    let direct = format!("{}&{}", ann.id, bob.id);
    for n in 0..3 {
        let post = json!({ "id": id(), "roomId": direct, "body": format!("{n}") });
        a.publish("/pub/chat/message", &post, None).await;
    }
    let head = loop {
        let change = b.message().await;
        if change["type"] == "room" && change["room"]["unread"] == 3 {
            assert_eq!(change["room"]["name"], "ann");
            break change["room"]["head"].clone();
        }
    };
    b.publish(
        "/pub/chat/read",
        &json!({ "roomId": direct, "rev": head }),
        None,
    )
    .await;
    loop {
        let change = b.message().await;
        if change["type"] == "room" && change["room"]["unread"] == 0 {
            break;
        }
    }
}

#[tokio::test]
async fn every_message_of_my_rooms_comes_to_my_queue_rooms_to_come_included() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut b = node.stomp(&bob).await;
    b.subscribed("all", "/user/queue/messages", None).await;
    let mut a = node.stomp(&ann).await;
    let direct = format!("{}&{}", ann.id, bob.id);
    for (place, text) in [(&yard, "one"), (&direct, "two"), (&direct, "three")] {
        let post = json!({ "id": id(), "roomId": place, "body": text });
        a.publish("/pub/chat/message", &post, Some(text)).await;
        a.receipt().await;
        assert_eq!(b.message().await["message"]["body"], text);
    }
}

#[tokio::test]
async fn typing_reading_and_presence_are_seen_by_those_in_the_room() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut a = node.stomp(&ann).await;
    let signals = format!("{}/signals", room(&yard));
    a.subscribed("s", &signals, None).await;
    let mut b = node.stomp(&bob).await;
    b.publish("/pub/chat/typing", &json!({ "roomId": yard }), None)
        .await;
    b.publish("/pub/chat/read", &json!({ "roomId": yard, "rev": 1 }), None)
        .await;
    let mut seen = Vec::new();
    while !["typing", "read", "presence"]
        .iter()
        .all(|kind| seen.contains(&json!(kind)))
    {
        let signal = a.message().await;
        seen.push(signal["type"].clone());
    }
    b.subscribed("enters", "/user/queue/enter", None).await;
    b.publish("/pub/chat/enter", &json!({ "roomId": yard }), None)
        .await;
    let entered = b.message().await;
    assert_eq!(
        (&entered["read"], &entered["head"], &entered["unread"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn who_comes_to_look_sees_who_is_writing_until_the_message_is_there() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut a = node.stomp(&ann).await;
    a.subscribed("r", &room(&yard), None).await;
    a.publish(
        "/pub/chat/typing",
        &json!({ "roomId": yard }),
        Some("typing"),
    )
    .await;
    a.receipt().await;

    let signals = format!("{}/signals", room(&yard));
    let mut b = node.stomp(&bob).await;
    let before = b.subscribed("s", &signals, None).await;
    let here = before.iter().find(|signal| signal["type"] == "here");
    assert_eq!(here.unwrap()["typing"], json!([ann.id]));

    let post = json!({ "id": id(), "roomId": yard, "body": "There" });
    a.publish("/pub/chat/message", &post, Some("said")).await;
    a.message().await;
    let before = b.subscribed("again", &signals, None).await;
    let here = before.iter().find(|signal| signal["type"] == "here");
    assert_eq!(here.unwrap().get("typing"), None);
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_why_and_closed() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    for bytes in [
        &b"SEND\ndestination:/pub/chat/message\n\n{}\0"[..],
        b"NONSENSE\n\n\0",
        b"CONNECT\nno colon\n\n\0",
        b"CONNECT\naccept-version:9.9\n\n\0",
        b"CONNECT\naccept-version:1.2\n\n\0",
        &[b'x'; 100_000],
    ] {
        let mut stomp = Stomp::open(node.address).await;
        stomp.raw(bytes).await;
        let (frames, code) = stomp.until_closed().await;
        assert_eq!(frames[0].command, Command::Error);
        assert!([1002, 1009, 4401].contains(&code), "{code}");
    }
    let mut stomp = node.stomp(&ann).await;
    stomp.raw(b"SUBSCRIBE\ndestination:/x\n\n\0").await;
    let (frames, _) = stomp.until_closed().await;
    assert!(!frames[0].header("message").unwrap().is_empty());
}

#[tokio::test]
async fn disconnect_answers_first_and_ignores_what_follows() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    let post = json!({ "id": id(), "roomId": yard, "body": "last words" });
    a.publish("/pub/chat/message", &post, Some("said")).await;
    a.send(&Frame::new(Command::Disconnect).with("receipt", "bye"))
        .await;
    let (frames, code) = a.until_closed().await;
    let receipts: Vec<_> = frames
        .iter()
        .map(|f| f.header("receipt-id").unwrap())
        .collect();
    assert_eq!(receipts, ["said", "bye"]);
    assert_eq!(code, 1000);
}

#[tokio::test]
async fn after_unsubscribe_nothing_comes_for_it() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    a.subscribed("s", &room(&yard), None).await;
    a.send(
        &Frame::new(Command::Unsubscribe)
            .with("id", "s")
            .with("receipt", "off"),
    )
    .await;
    assert_eq!(a.receipt().await, "off");
    let post = json!({ "id": id(), "roomId": yard, "body": "unheard" });
    a.publish("/pub/chat/message", &post, Some("said")).await;
    let frame = a.frame().await;
    assert_eq!(frame.command, Command::Receipt, "{:?}", body(&frame));
}

#[tokio::test]
async fn a_server_that_stops_sends_its_clients_elsewhere_and_keeps_what_it_acknowledged() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let yard = node.group(&[&ann]).await;
    let mut a = node.stomp(&ann).await;
    let mut sent = Vec::new();
    for n in 0..50 {
        let message = id();
        let post = json!({ "id": message, "roomId": yard, "body": format!("{n}") });
        a.publish("/pub/chat/message", &post, Some(&message)).await;
        sent.push(message);
    }
    a.receipt().await;
    node.begin_stop();
    let (frames, code) = a.until_closed().await;
    assert_eq!(code, 1012);
    let mut acknowledged: Vec<_> = frames
        .iter()
        .filter(|frame| frame.command == Command::Receipt)
        .map(|frame| frame.header("receipt-id").unwrap().to_owned())
        .collect();
    acknowledged.push(sent[0].clone());
    let again = Node::start_in(node.stop().await).await;
    let http = common::Http {
        address: again.address,
        ..ann.http.clone()
    };
    let stored = http
        .get(&format!("/api/rooms/{yard}/messages?limit=200"))
        .await
        .json();
    let stored: Vec<_> = stored["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].clone())
        .collect();
    for message in acknowledged {
        assert!(
            stored.contains(&json!(message)),
            "{message} was acknowledged and is gone"
        );
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_closed_and_told_to_resume() {
    let node = Node::start().await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let yard = node.group(&[&ann, &bob]).await;
    let mut slow = Stomp::open_narrow(node.address, 16 << 10).await;
    slow.connect(&bob.token).await;
    slow.subscribed("s", &room(&yard), None).await;
    let mut a = node.stomp(&ann).await;
    let text = "가".repeat(10_000);
    let mut posted = 0;
    // It sleeps until only the one who writes is connected.
    while !node.counts("madang_stomp_connections 1").await {
        let post = json!({ "id": id(), "roomId": yard, "body": text });
        a.publish("/pub/chat/message", &post, Some("posted")).await;
        a.receipt().await;
        posted += 1;
    }
    let (frames, code) = slow.until_closed().await;
    assert!(frames.len() < posted, "{} of {posted}", frames.len());
    assert_eq!(code, 4000);
}

#[tokio::test]
async fn a_queue_of_errors_that_was_refused_is_told_nothing() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let mut a = node.stomp(&ann).await;
    let frame = Frame::new(Command::Subscribe)
        .with("id", "errors")
        .with("destination", "/user/queue/errors")
        .with("after", "soon");
    a.send(&frame).await;
    let (frames, code) = a.until_closed().await;
    let commands: Vec<Command> = frames.iter().map(|frame| frame.command).collect();
    assert_eq!((commands, code), (vec![Command::Error], 1002));
}

#[tokio::test]
async fn beats_that_come_too_rarely_are_not_asked_for() {
    let node = Node::start().await;
    let ann = node.person("ann").await;
    let mut a = Stomp::open(node.address).await;
    let frame = Frame::new(Command::Connect)
        .with("accept-version", "1.2")
        .with("heart-beat", "4000000000,4000000000")
        .with("Authorization", format!("Bearer {}", ann.token));
    a.send(&frame).await;
    assert_eq!(a.frame().await.header("heart-beat"), Some("10000,0"));
}

#[tokio::test]
async fn strangers_who_do_not_sign_in_leave_room_for_those_who_do() {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        max_connections: 8,
        ..config(&data)
    };
    let node = Node::start_as(&config, data).await;
    let ann = node.person("ann").await;
    let mut first = Stomp::open(node.address).await;
    let second = Stomp::open(node.address).await;
    assert!(!Stomp::may_open(node.address).await);
    // A place is free again as soon as it is known whose it is, or the stranger has gone.
    first.connect(&ann.token).await;
    let third = Stomp::open(node.address).await;
    assert!(!Stomp::may_open(node.address).await);
    drop((second, third));
    while !Stomp::may_open(node.address).await {}
}

#[tokio::test]
async fn strangers_of_one_network_leave_room_for_those_of_another() {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        max_connections: 32,
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..config(&data)
    };
    let node = Node::start_as(&config, data).await;
    let ann = node.person("ann").await;
    let open = async |ip| Stomp::open_if_given(node.address, Some(("x-forwarded-for", ip))).await;
    let mut first = open("203.0.113.7").await.unwrap();
    let second = open("203.0.113.7").await;
    assert!(second.is_some());
    assert!(open("203.0.113.7").await.is_none());
    assert!(open("203.0.113.8").await.is_some());
    first.connect(&ann.token).await;
    assert!(open("203.0.113.7").await.is_some());
}

#[tokio::test]
async fn a_person_who_has_too_many_sockets_keeps_those_and_gets_no_more() {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        connections_per_person: 2,
        ..config(&data)
    };
    let node = Node::start_as(&config, data).await;
    let (ann, bob) = (node.person("ann").await, node.person("bob").await);
    let cookie = format!("madang_access={}", ann.token);
    let with_cookie = async || Stomp::open_if_given(node.address, Some(("cookie", &cookie))).await;
    let mut first = node.stomp(&ann).await;
    let second = with_cookie().await.unwrap();
    assert!(with_cookie().await.is_none());
    let mut third = Stomp::open(node.address).await;
    third.ask_to_connect(&ann.token).await;
    let (frames, code) = third.until_closed().await;
    assert_eq!(frames[0].header("message"), Some("busy"));
    assert_eq!((frames[0].command, code), (Command::Error, 1013));
    node.stomp(&bob).await;
    first.subscribed("s", "/user/queue/errors", None).await;
    drop(second);
    while with_cookie().await.is_none() {}
}

#[tokio::test]
async fn stopping_takes_no_longer_than_sockets_and_requests_have_together() {
    let data = tempfile::tempdir().unwrap();
    let settings = Config {
        drain_seconds: 1,
        ..config(&data)
    };
    let node = Node::start_as(&settings, data).await;
    let ann = node.person("ann").await;
    // It does not close from its side when it is told to.
    let _stomp = node.stomp(&ann).await;
    // Its body never comes.
    let mut request = TcpStream::connect(node.address).await.unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
                content-type: application/json\r\ncontent-length: 9\r\n\r\n";
    request.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    request.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    tokio::time::pause();
    let began = Instant::now();
    node.stop().await;
    assert!(began.elapsed() < Duration::from_secs(2));
}
