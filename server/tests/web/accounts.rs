//! Registering, logging in, keeping signed in and leaving, through the API.

use std::time::Duration;

use serde_json::json;

use crate::asking::PASSWORD;
use crate::house::House;

#[tokio::test]
async fn a_person_registers_logs_in_and_is_known() {
    let house = House::new();
    let form = json!({ "username": "Mina", "password": PASSWORD, "displayName": "미나" });
    let answer = house.program().post("/api/auth/register", form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let signed_in = answer.json();
    assert_eq!(signed_in["user"]["displayName"], "미나");
    assert_eq!(signed_in["expiresIn"], 600);

    let form = json!({ "username": "mina", "password": PASSWORD });
    let answer = house.program().post("/api/auth/login", form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mina = house.program().signed_in(&answer.json());
    let me = mina.get("/api/me").await.json();
    assert_eq!(me["id"], signed_in["user"]["id"]);
    assert_eq!(me["username"], "Mina");
    assert!(me["createdAt"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_answered_alike() {
    let house = House::new();
    house.person("mina").await;
    let ask = |username: &'static str| {
        let form = json!({ "username": username, "password": "wrong horse" });
        let program = house.program();
        async move { program.post("/api/auth/login", form).await }
    };
    let (name, password) = (ask("nobody").await, ask("mina").await);
    assert_eq!((name.status, name.code()), (401, "wrong_login".to_owned()));
    assert_eq!(name.text, password.text);
    assert!(name.set_cookies().is_empty());
}

#[tokio::test]
async fn who_guesses_too_fast_is_told_when_to_come_back() {
    let house = House::new();
    house.person("mina").await;
    let form = json!({ "username": "mina", "password": "wrong horse" });
    for _ in 0..3 {
        let answer = house.program().post("/api/auth/login", form.clone()).await;
        assert_eq!(answer.code(), "wrong_login");
    }
    let answer = house.program().post("/api/auth/login", form).await;
    assert_eq!((answer.status, answer.code()), (429, "too_fast".to_owned()));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(
        answer.json()["retryAfter"].to_string(),
        answer.header("retry-after")
    );
}

#[tokio::test]
async fn a_program_refreshes_with_the_token_it_was_given() {
    let house = House::new();
    let mina = house.person("mina").await;
    house.pass(Duration::from_secs(700));
    assert_eq!(mina.get("/api/me").await.code(), "unauthenticated");
    let stranger = house.program();
    let form = json!({ "refreshToken": mina.refresh });
    let answer = stranger.post("/api/auth/refresh", form.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let again = house.program().signed_in(&answer.json());
    assert_eq!(again.get("/api/me").await.status, 200);

    // The spent token is somebody else's now: the session ends for both.
    house.pass(Duration::from_secs(60));
    let answer = stranger.post("/api/auth/refresh", form).await;
    assert_eq!(answer.code(), "unauthenticated");
    assert_eq!(again.get("/api/me").await.status, 401);
}

#[tokio::test]
async fn devices_are_listed_and_ended() {
    let house = House::new();
    let mina = house.person("mina").await;
    let form = json!({ "username": "mina", "password": PASSWORD });
    let phone = house.program().post("/api/auth/login", form).await.json();
    let phone = house.program().signed_in(&phone);

    let devices = mina.get("/api/me/sessions").await.json();
    let devices = devices["items"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    let other = devices
        .iter()
        .find(|device| device["current"] == false)
        .unwrap();
    let path = format!("/api/me/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(mina.delete(&path).await.status, 204);
    assert_eq!(phone.get("/api/me").await.status, 401);
    assert_eq!(mina.delete(&path).await.code(), "not_found");
    assert_eq!(mina.get("/api/me").await.status, 200);
}

#[tokio::test]
async fn a_name_changes_and_a_password_needs_the_one_before() {
    let house = House::new();
    let mina = house.person("mina").await;
    let answer = mina
        .patch("/api/me", json!({ "displayName": "Mina K" }))
        .await;
    assert_eq!(answer.json()["displayName"], "Mina K");
    let wrong = json!({ "password": "a new horse", "currentPassword": "wrong" });
    let answer = mina.patch("/api/me", wrong).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["field"], "currentPassword");
    let right = json!({ "password": "a new horse", "currentPassword": PASSWORD });
    assert_eq!(mina.patch("/api/me", right).await.status, 200);
}

#[tokio::test]
async fn a_logged_out_token_is_good_for_nothing() {
    let house = House::new();
    let mina = house.person("mina").await;
    assert_eq!(mina.ask("POST", "/api/auth/logout", None).await.status, 204);
    assert_eq!(mina.get("/api/me").await.code(), "unauthenticated");
    let form = json!({ "refreshToken": mina.refresh });
    assert_eq!(
        house.program().post("/api/auth/refresh", form).await.status,
        401
    );
    assert_eq!(mina.ask("POST", "/api/auth/logout", None).await.status, 401);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_to_sign_in_to() {
    let house = House::new();
    let mina = house.person("mina").await;
    let form = json!({ "password": "wrong horse" });
    assert_eq!(mina.ask("DELETE", "/api/me", Some(form)).await.status, 401);
    let form = json!({ "password": PASSWORD });
    assert_eq!(mina.ask("DELETE", "/api/me", Some(form)).await.status, 204);
    assert_eq!(mina.get("/api/rooms").await.code(), "unauthenticated");
    let form = json!({ "username": "mina", "password": PASSWORD });
    assert_eq!(
        house.program().post("/api/auth/login", form).await.code(),
        "wrong_login"
    );
}
