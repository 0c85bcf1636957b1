//! Rooms, members, messages, reading and people, as the contract names them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::asking::escaped;
use crate::house::House;

fn bodies(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["body"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_group_is_made_renamed_and_removed() {
    let house = House::new();
    let (mina, jun) = (house.person("mina").await, house.person("jun").await);
    let room = mina.group("Yard", &[&jun]).await;
    let path = format!("/api/rooms/{room}");
    for field in [
        "id",
        "kind",
        "name",
        "head",
        "read",
        "unread",
        "lastMessage",
    ] {
        assert!(jun.get(&path).await.json().get(field).is_some(), "{field}");
    }
    let answer = mina.patch(&path, json!({ "name": "Courtyard" })).await;
    assert_eq!(answer.json()["name"], "Courtyard");
    assert_eq!(jun.delete(&path).await.code(), "forbidden");
    assert_eq!(mina.delete(&path).await.status, 204);
    assert_eq!(mina.get(&path).await.code(), "room_not_found");
    assert_eq!(jun.get("/api/rooms").await.json()["items"], json!([]));
}

#[tokio::test]
async fn members_come_and_go() {
    let house = House::new();
    let (mina, jun, hana) = (
        house.person("mina").await,
        house.person("jun").await,
        house.person("hana").await,
    );
    let room = mina.group("Yard", &[&jun]).await;
    let path = format!("/api/rooms/{room}/members");
    assert_eq!(hana.get(&path).await.code(), "room_not_found");
    assert_eq!(
        jun.post(&path, json!({ "userId": hana.id })).await.status,
        204
    );

    let page = hana.get(&format!("{path}?limit=2")).await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let rest = hana
        .get(&format!("{path}?limit=2&after={next}"))
        .await
        .json();
    assert_eq!(rest["items"][0]["username"], "hana");
    assert!(rest.get("next").is_none());

    assert_eq!(
        hana.delete(&format!("{path}/{}", hana.id)).await.status,
        204
    );
    assert_eq!(hana.get(&path).await.code(), "room_not_found");
    let stranger = Uuid::now_v7();
    assert_eq!(
        mina.post(&path, json!({ "userId": stranger })).await.code(),
        "user_not_found"
    );
}

#[tokio::test]
async fn a_message_is_posted_once_however_often_it_is_sent() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    let path = format!("/api/rooms/{room}/messages");
    let message = json!({ "id": Uuid::now_v7(), "body": "hello" });
    let first = mina.post(&path, message.clone()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json()["body"], "hello");
    assert_eq!(first.json()["id"], message["id"]);
    let second = mina.post(&path, message.clone()).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_eq!(second.json()["rev"], first.json()["rev"]);
    assert_eq!(bodies(&mina.get(&path).await.json()), ["hello"]);
}

#[tokio::test]
async fn a_refused_message_names_itself() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    let id = Uuid::now_v7().to_string();
    let path = format!("/api/rooms/{room}/messages");
    let answer = mina.post(&path, json!({ "id": id, "body": " \n " })).await;
    assert_eq!((answer.status, answer.code()), (422, "empty".to_owned()));
    assert_eq!(answer.json()["id"], id);
}

#[tokio::test]
async fn messages_are_edited_deleted_and_reacted_to() {
    let house = House::new();
    let (mina, jun) = (house.person("mina").await, house.person("jun").await);
    let room = mina.group("Yard", &[&jun]).await;
    let said = mina.say(&room, "helo").await;
    let path = format!("/api/rooms/{room}/messages/{said}");

    let answer = mina.patch(&path, json!({ "body": "hello" })).await;
    assert_eq!(answer.json()["body"], "hello");
    assert_eq!(
        jun.patch(&path, json!({ "body": "mine" })).await.code(),
        "not_author"
    );

    let thumb = format!("{path}/reactions/{}", escaped("👍🏽"));
    for _ in 0..2 {
        assert_eq!(jun.ask("PUT", &thumb, None).await.status, 204);
    }
    let list = format!("/api/rooms/{room}/messages");
    let message = mina.get(&list).await.json()["items"][0].clone();
    assert_eq!(
        message["reactions"],
        json!([{ "emoji": "👍🏽", "users": [jun.id] }])
    );
    assert_eq!(jun.delete(&thumb).await.status, 204);
    let word = format!("{path}/reactions/hello");
    assert_eq!(jun.ask("PUT", &word, None).await.code(), "bad_emoji");

    assert_eq!(mina.delete(&path).await.status, 204);
    let message = mina.get(&list).await.json()["items"][0].clone();
    assert_eq!(
        (&message["body"], &message["deleted"]),
        (&json!(""), &json!(true))
    );
    let log = mina.get(&format!("/api/rooms/{room}/events")).await;
    assert!(
        !log.text.contains("hello") && !log.text.contains("helo"),
        "{}",
        log.text
    );
}

#[tokio::test]
async fn history_is_paged_from_any_place() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    for n in 1..=6 {
        mina.say(&room, &n.to_string()).await;
    }
    let path = format!("/api/rooms/{room}/messages");
    // The room's beginning is rev 1, so message n is rev n + 1.
    let cases = [
        ("limit=2", vec!["5", "6"]),
        ("before=4&limit=2", vec!["1", "2"]),
        ("after=4&limit=2", vec!["4", "5"]),
        ("around=4&limit=4", vec!["1", "2", "3", "4"]),
        ("limit=0", vec!["6"]),
    ];
    for (query, expected) in cases {
        let page = mina.get(&format!("{path}?{query}")).await.json();
        assert_eq!(bodies(&page), expected, "{query}");
    }
    let third = mina.get(&format!("{path}?after=3&limit=1")).await.json();
    let third = third["items"][0]["id"].as_str().unwrap();
    let page = mina.get(&format!("{path}?around={third}&limit=4")).await;
    assert_eq!(bodies(&page.json()), ["1", "2", "3", "4"]);
    let elsewhere = format!("{path}?around={}", uuid::Uuid::new_v4());
    assert_eq!(mina.get(&elsewhere).await.code(), "message_not_found");
    for query in ["before=2&after=4", "before=x", "before=-1", "limit=many"] {
        let answer = mina.get(&format!("{path}?{query}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request".to_owned()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_log_is_read_without_holes() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    for n in 1..=4 {
        mina.say(&room, &n.to_string()).await;
    }
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let path = format!("/api/rooms/{room}/events?after={after}&limit=2");
        let page = mina.get(&path).await.json();
        let revs = page["items"].as_array().unwrap().iter();
        seen.extend(revs.map(|event| event["rev"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = next.parse().unwrap(),
            None => break,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn reading_moves_forward_and_never_beyond_the_head() {
    let house = House::new();
    let (mina, jun) = (house.person("mina").await, house.person("jun").await);
    let room = mina.group("Yard", &[&jun]).await;
    for n in 1..=3 {
        mina.say(&room, &n.to_string()).await;
    }
    let path = format!("/api/rooms/{room}");
    assert_eq!(jun.get(&path).await.json()["unread"], 3);
    let read = format!("{path}/read");
    for (asked, stands, unread) in [(2, 2, 2), (1, 2, 2), (999, 4, 0)] {
        assert_eq!(
            jun.put(&read, json!({ "rev": asked })).await.json()["rev"],
            stands
        );
        assert_eq!(jun.get(&path).await.json()["unread"], unread);
    }
}

#[tokio::test]
async fn a_direct_room_is_named_by_its_people_and_begins_with_the_first_message() {
    let house = House::new();
    let (mina, jun, eve) = (
        house.person("mina").await,
        house.person("jun").await,
        house.person("eve").await,
    );
    let named = format!("{}&{}", jun.id, mina.id);
    let window = mina.get(&format!("/api/rooms/{named}/window")).await.json();
    assert_eq!(window["messages"], json!([]));
    mina.say(&named, "hello").await;
    let other_way = format!("{}&{}", mina.id, jun.id);
    let window = jun
        .get(&format!("/api/rooms/{other_way}/window"))
        .await
        .json();
    assert_eq!(window["messages"][0]["body"], "hello");
    let room = jun.get(&format!("/api/rooms/{other_way}")).await.json();
    assert_eq!(
        (&room["kind"], &room["name"]),
        (&json!("direct"), &json!("mina"))
    );
    for path in ["", "/messages", "/events", "/members", "/window"] {
        let answer = eve.get(&format!("/api/rooms/{named}{path}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "room_not_found".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn people_are_found_by_name_and_named_by_id() {
    let house = House::new();
    let (mina, jun) = (house.person("mina").await, house.person("jun").await);
    let found = mina.get("/api/users?query=JU").await.json();
    assert_eq!(found["items"][0]["id"], jun.id);
    let path = format!("/api/users?ids={},{}", jun.id, Uuid::now_v7());
    assert_eq!(
        mina.get(&path).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(mina.get("/api/users?ids=jun").await.code(), "bad_request");
    let many = vec![jun.id.clone(); 101].join(",");
    assert_eq!(
        mina.get(&format!("/api/users?ids={many}")).await.code(),
        "too_large"
    );
    assert_eq!(
        house.program().get("/api/users?query=ju").await.code(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn rooms_and_devices_come_in_pages() {
    let house = House::new();
    let mina = house.person("mina").await;
    for name in ["One", "Two", "Three"] {
        mina.group(name, &[]).await;
        house.pass(std::time::Duration::from_secs(1));
    }
    for agent in ["/api/auth/login"; 2] {
        let form = json!({ "username": "mina", "password": crate::asking::PASSWORD });
        assert_eq!(house.program().post(agent, form).await.status, 200);
        house.pass(std::time::Duration::from_secs(1));
    }
    for list in ["/api/rooms", "/api/me/sessions"] {
        let whole = mina.get(list).await.json();
        let ids = |page: &Value| -> Vec<Value> {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|item| item["id"].clone()).collect()
        };
        assert_eq!(ids(&whole).len(), 3, "{list}");
        assert!(whole.get("next").is_none(), "{list}");
        let first = mina.get(&format!("{list}?limit=2")).await.json();
        let next = first["next"].as_str().unwrap();
        let second = mina
            .get(&format!("{list}?limit=2&after={next}"))
            .await
            .json();
        assert!(second.get("next").is_none(), "{list}");
        assert_eq!([ids(&first), ids(&second)].concat(), ids(&whole), "{list}");
        let answer = mina.get(&format!("{list}?after=nonsense")).await;
        assert_eq!(answer.code(), "bad_request", "{list}");
    }
}

#[tokio::test]
async fn a_message_with_files_is_refused_and_not_posted_without_them() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    let path = format!("/api/rooms/{room}/messages");
    let message = |attachments: Value| json!({ "id": Uuid::now_v7(), "body": "look", "attachments": attachments });
    let answer = mina.post(&path, message(json!(["a file"]))).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "bad_request")
    );
    assert_eq!(answer.json()["rule"], "no_attachments");
    assert_eq!(mina.get(&path).await.json()["items"], json!([]));
    for none in [json!([]), Value::Null] {
        assert_eq!(mina.post(&path, message(none)).await.status, 201);
    }
}
