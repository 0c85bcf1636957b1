//! What an operator asks: is it alive, can it take traffic, how is it doing.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_server_says_how_it_is() {
    let house = House::new();
    let operator = house.program();
    assert_eq!(operator.get("/healthz").await.status, 200);
    let answer = operator.get("/readyz").await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "ready": true, "wrong": [] }))
    );
    assert_eq!(answer.header("cache-control"), "no-store");

    house.health.drain();
    let answer = operator.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["wrong"][0]["part"], "node");
    assert_eq!(operator.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_store_that_fails_is_named() {
    let house = House::new();
    house.store.close().await.unwrap();
    let answer = house.program().get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["wrong"][0]["part"], "store");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_what_was_asked() {
    let house = House::new();
    let mina = house.person("mina").await;
    let room = mina.group("Yard", &[]).await;
    mina.get(&format!("/api/rooms/{room}")).await;
    mina.get("/api/surprise").await;
    mina.get("/another/surprise").await;
    let text = mina.get("/metrics").await.text;
    assert!(text.contains("madang_http_requests_total"), "{text}");
    assert!(text.contains("route=\"/api/rooms/{room}\""), "{text}");
    assert!(
        !text.contains("surprise") && !text.contains(&room),
        "{text}"
    );
}
