//! Whatever is wrong with a request to the API is answered in one shape.

use axum::body::Body;
use serde_json::json;
use uuid::Uuid;

use crate::house::House;

#[tokio::test]
async fn what_is_not_there_and_what_is_not_possible_are_problems() {
    let house = House::new();
    let mina = house.person("mina").await;
    let cases = [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/nothing/here", 404, "not_found"),
        ("POST", "/api/nothing", 404, "not_found"),
        ("PUT", "/api/rooms", 405, "method_not_allowed"),
        ("GET", "/api/auth/login", 405, "method_not_allowed"),
        ("DELETE", "/api/openapi.json", 405, "method_not_allowed"),
        ("GET", "/api/rooms/nonsense", 400, "bad_request"),
        ("GET", "/api/rooms/%FF%FE", 400, "bad_request"),
        ("GET", "/api/rooms/a&b&c", 400, "bad_request"),
        ("DELETE", "/api/me/sessions/1", 400, "bad_request"),
    ];
    for (method, path, status, code) in cases {
        let answer = mina.ask(method, path, None).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{method} {path}"
        );
    }
    let answer = mina.ask("PUT", "/api/rooms", None).await;
    assert!(
        answer.header("allow").contains("GET"),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_room_that_is_not_mine_is_like_one_that_does_not_exist() {
    let house = House::new();
    let (mina, eve) = (house.person("mina").await, house.person("eve").await);
    let room = mina.group("Yard", &[]).await;
    let nowhere = Uuid::now_v7();
    let strangers = eve.get(&format!("/api/rooms/{room}")).await;
    let missing = eve.get(&format!("/api/rooms/{nowhere}")).await;
    assert_eq!(strangers.code(), "room_not_found");
    assert_eq!(strangers.text, missing.text);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_problem() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    let path = format!("/api/rooms/{room}/messages");
    let id = Uuid::now_v7();
    let bodies = [
        String::new(),
        "nonsense".to_owned(),
        "{\"id\":".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        json!({ "id": id }).to_string(),
        json!({ "id": id, "body": 7 }).to_string(),
        json!({ "id": "not-an-id", "body": "hello" }).to_string(),
        format!("{{\"id\":\"{id}\",\"body\":\"\\ud800\"}}"),
        "[".repeat(10_000),
    ];
    for body in bodies {
        let request = mina
            .request("POST", &path)
            .header("content-type", "application/json")
            .body(Body::from(body.clone()))
            .unwrap();
        let answer = mina.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad_request"),
            "{body}"
        );
    }
    let request = mina
        .request("POST", &path)
        .header("content-type", "application/json")
        .body(Body::from(&b"{\"id\":\"\xff\"}"[..]))
        .unwrap();
    assert_eq!(mina.send(request).await.status, 400);
}

#[tokio::test]
async fn only_json_is_taken_for_json() {
    let house = House::new();
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let program = house.program();
        let request = program
            .request("POST", "/api/auth/login")
            .header("content-type", kind)
            .body(Body::from(
                r#"{"username":"mina","password":"correct horse"}"#,
            ))
            .unwrap();
        let answer = program.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (415, "bad_request"),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn names_and_passwords_that_break_a_rule_name_the_field() {
    let house = House::new();
    for (username, password, field) in [
        ("a b", "correct horse", "username"),
        ("mina", "short", "password"),
    ] {
        let form = json!({ "username": username, "password": password });
        let answer = house.program().post("/api/auth/register", form).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(answer.json()["field"], field);
    }
    let form = json!({ "username": "a", "password": "correct horse" });
    let answer = house.program().post("/api/auth/register", form).await;
    let problem = answer.json();
    assert_eq!(
        (&problem["rule"], &problem["limit"], &problem["given"]),
        (&"too_short".into(), &2.into(), &1.into())
    );
    house.person("mina").await;
    let form = json!({ "username": "MINA", "password": "correct horse" });
    let answer = house.program().post("/api/auth/register", form).await;
    assert_eq!(
        (answer.status, answer.code()),
        (409, "name_taken".to_owned())
    );
}

#[tokio::test]
async fn a_token_that_nobody_made_is_a_problem() {
    let house = House::new();
    let mut eve = house.person("eve").await;
    let made = eve.token.clone().unwrap();
    let cut = made[..made.len() - 2].to_owned();
    for token in [
        cut,
        "a.b.c".to_owned(),
        "x".repeat(10_000),
        format!("{made}{made}"),
    ] {
        eve.token = Some(token);
        assert_eq!(eve.get("/api/me").await.code(), "unauthenticated");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_said_to_be_passing() {
    let house = House::new();
    let mina = house.person("mina").await;
    house.store.close().await.unwrap();
    let answer = mina.get("/api/rooms").await;
    assert_eq!(
        (answer.status, answer.code()),
        (503, "unavailable".to_owned())
    );
    assert!(!answer.header("retry-after").is_empty());
}
