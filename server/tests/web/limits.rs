//! How much is taken, and how much is given.

use axum::body::Body;
use serde_json::json;
use server::web::WebSettings;
use uuid::Uuid;

use crate::house::House;

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_its_length() {
    let house = House::with(WebSettings {
        body_limit: 1000,
        ..WebSettings::default()
    });
    let program = house.program();
    let form = json!({ "username": "mina", "password": "x".repeat(2000) }).to_string();
    let whole = Body::from(form.clone());
    let chunks = form
        .into_bytes()
        .chunks(100)
        .map(<[u8]>::to_vec)
        .collect::<Vec<_>>();
    let chunks = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    for body in [whole, Body::from_stream(chunks)] {
        let request = program
            .request("POST", "/api/auth/login")
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = program.send(request).await;
        assert_eq!(
            (answer.status, answer.code()),
            (413, "too_large".to_owned())
        );
    }
    let mut browser = house.browser();
    let answer = browser.enter("/login", &"x".repeat(2000)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.boot()["problem"]["code"], "too_large");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up_and_may_be_repeated() {
    let house = House::with(WebSettings {
        timeout: std::time::Duration::ZERO,
        ..WebSettings::default()
    });
    let form = json!({ "username": "mina", "password": "correct horse" });
    let answer = house.program().post("/api/auth/login", form).await;
    assert_eq!(
        (answer.status, answer.code()),
        (503, "unavailable".to_owned())
    );
}

#[tokio::test]
async fn the_longest_message_fits_in_its_longest_spelling() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    let path = format!("/api/rooms/{room}/messages");
    // Every character spelt as an escape, as some JSON libraries do.
    let spelt = "\\ud55c".repeat(10_000);
    let body = format!("{{\"id\":\"{}\",\"body\":\"{spelt}\"}}", Uuid::now_v7());
    let request = mina
        .request("POST", &path)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let answer = mina.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let longer = json!({ "id": Uuid::now_v7(), "body": "한".repeat(10_001) });
    assert_eq!(mina.post(&path, longer).await.code(), "too_long");
}

#[tokio::test]
async fn a_list_is_never_longer_than_its_limit() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    for n in 0..202 {
        mina.say(&room, &n.to_string()).await;
        house.pass(std::time::Duration::from_millis(20));
    }
    for path in ["messages", "events"] {
        let page = mina
            .get(&format!("/api/rooms/{room}/{path}?limit=1000000"))
            .await
            .json();
        assert_eq!(page["items"].as_array().unwrap().len(), 200, "{path}");
        let page = mina.get(&format!("/api/rooms/{room}/{path}")).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), 50, "{path}");
    }
}
