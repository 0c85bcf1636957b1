//! The description of the API is made from the code, and says what the contract says.

use crate::house::House;

#[tokio::test]
async fn the_api_describes_itself() {
    let house = House::new();
    let answer = house.program().get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let description = answer.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let contract = [
        ("/api/auth/register", "post"),
        ("/api/auth/login", "post"),
        ("/api/auth/refresh", "post"),
        ("/api/auth/logout", "post"),
        ("/api/me", "get"),
        ("/api/me", "patch"),
        ("/api/me", "delete"),
        ("/api/me/sessions", "get"),
        ("/api/me/sessions/{id}", "delete"),
        ("/api/rooms", "get"),
        ("/api/rooms", "post"),
        ("/api/rooms/{room}", "get"),
        ("/api/rooms/{room}", "patch"),
        ("/api/rooms/{room}", "delete"),
        ("/api/rooms/{room}/members", "get"),
        ("/api/rooms/{room}/members", "post"),
        ("/api/rooms/{room}/members/{user}", "delete"),
        ("/api/rooms/{room}/messages", "get"),
        ("/api/rooms/{room}/messages", "post"),
        ("/api/rooms/{room}/messages/{message}", "patch"),
        ("/api/rooms/{room}/messages/{message}", "delete"),
        (
            "/api/rooms/{room}/messages/{message}/reactions/{emoji}",
            "put",
        ),
        (
            "/api/rooms/{room}/messages/{message}/reactions/{emoji}",
            "delete",
        ),
        ("/api/rooms/{room}/events", "get"),
        ("/api/rooms/{room}/read", "put"),
        ("/api/users", "get"),
    ];
    for (path, method) in contract {
        let operation = &description["paths"][path][method];
        assert!(operation.is_object(), "{method} {path}");
        let refusal = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(
            refusal["schema"]["$ref"], "#/components/schemas/Problem",
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_there() {
    let house = House::new();
    let answer = house.program().get("/api/openapi.json").await;
    let description = answer.json();
    let prefix = "#/components/schemas/";
    for part in answer.text.split(prefix).skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(
            description["components"]["schemas"].get(name).is_some(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_a_room_opens_with_is_described() {
    let house = House::new();
    let description = house.program().get("/api/openapi.json").await.json();
    let window = &description["components"]["schemas"]["RoomWindow"]["properties"];
    for field in [
        "room", "messages", "notes", "head", "more", "newer", "members",
    ] {
        assert!(window[field].is_object(), "{field}");
    }
}
