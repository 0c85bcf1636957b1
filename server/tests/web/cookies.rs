//! What a browser keeps for us, and what it may not be made to do with it by others.

use std::time::Duration;

use axum::body::Body;
use serde_json::json;
use server::web::WebSettings;

use crate::asking::PASSWORD;
use crate::house::House;

#[tokio::test]
async fn a_log_in_sets_cookies_that_scripts_and_other_sites_cannot_use() {
    let house = House::new();
    let form = json!({ "username": "mina", "password": PASSWORD });
    let answer = house.program().post("/api/auth/register", form).await;
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("madang_access=") && cookies[1].starts_with("madang_refresh="));
    for cookie in &cookies {
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
}

#[tokio::test]
async fn cookies_are_secure_where_people_come_over_https() {
    let settings = |origin: Option<&str>, proxies: &[&str]| WebSettings {
        public_origin: origin.map(|origin| origin.parse().unwrap()),
        trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        ..WebSettings::default()
    };
    let cases = [
        (settings(Some("https://chat.example"), &[]), true),
        (settings(Some("http://chat.example"), &[]), false),
        (settings(None, &["127.0.0.1"]), true),
        (settings(None, &["10.0.0.0/8"]), false),
    ];
    for (settings, secure) in cases {
        let house = House::with(settings);
        let program = house.program();
        let request = program
            .request("POST", "/api/auth/register")
            .header("content-type", "application/json")
            .header("x-forwarded-proto", "https")
            .body(Body::from(
                r#"{"username":"mina","password":"correct horse"}"#,
            ))
            .unwrap();
        let answer = program.send(request).await;
        let cookies = answer.set_cookies();
        assert_eq!(cookies.len(), 2);
        for cookie in cookies {
            assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
            assert_eq!(cookie.starts_with("__Host-madang_"), secure, "{cookie}");
            // Browsers take the prefix only with and without these.
            assert!(cookie.contains("Path=/;") && !cookie.contains("Domain"));
        }
    }
}

fn house_with_https() -> House {
    House::with(WebSettings {
        public_origin: Some("https://chat.example".parse().unwrap()),
        ..WebSettings::default()
    })
}

#[tokio::test]
async fn whoever_was_signed_in_before_there_was_a_prefix_stays_so() {
    let house = house_with_https();
    let mut mina = house.member("mina").await;
    let plain = mina
        .cookies
        .iter()
        .map(|(name, value)| (name.replace("__Host-", ""), value.clone()))
        .collect();
    mina.cookies = plain;
    assert_eq!(mina.get("/").await.boot()["me"]["username"], "mina");
    house.pass(Duration::from_secs(3600));
    assert_eq!(mina.get("/").await.boot()["me"]["username"], "mina");
    for name in ["__Host-madang_access", "__Host-madang_refresh"] {
        assert!(mina.cookies.contains_key(name), "{:?}", mina.cookies);
    }
    assert_eq!(
        mina.fetch("POST", "/api/auth/refresh", None).await.status,
        200
    );
    // Out is out, also for what the browser had kept under the old names.
    mina.post("/logout", &[]).await;
    assert!(mina.cookies.is_empty(), "{:?}", mina.cookies);
}

#[tokio::test]
async fn a_cookie_that_another_host_of_the_domain_has_set_signs_nobody_in_as_somebody_else() {
    let house = house_with_https();
    let mut mina = house.member("mina").await;
    let eve = house.member("eve").await;
    for name in ["madang_access", "madang_refresh"] {
        let theirs = eve.cookies[&format!("__Host-{name}")].clone();
        mina.cookies.insert(name.to_owned(), theirs);
    }
    assert_eq!(mina.get("/").await.boot()["me"]["username"], "mina");
    // Nor while only the refresh cookie is left.
    mina.cookies.remove("__Host-madang_access");
    let me = mina.fetch("GET", "/api/me", None).await;
    assert_eq!(me.code(), "unauthenticated");
    assert_eq!(mina.get("/").await.boot()["me"]["username"], "mina");
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    mina.origin = "https://evil.example".to_owned();
    let room = json!({ "kind": "group", "name": "Yard" });
    let asked = [
        mina.fetch("POST", "/api/rooms", Some(room)).await,
        mina.fetch("POST", "/api/auth/refresh", None).await,
        mina.fetch("POST", "/api/auth/logout", None).await,
        mina.fetch("DELETE", "/api/me", Some(json!({ "password": PASSWORD })))
            .await,
        mina.post("/login", &[("username", "eve"), ("password", PASSWORD)])
            .await,
        mina.post("/logout", &[]).await,
        mina.post("/settings", &[("theme", "dark")]).await,
    ];
    for answer in asked {
        assert_eq!(
            (answer.status, answer.code()),
            (403, "wrong_origin".to_owned())
        );
        assert!(answer.set_cookies().is_empty());
    }
    // What only reads is protected by the browser, which keeps the answer from that page.
    assert_eq!(
        mina.fetch("GET", "/api/rooms", None).await.json()["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_program_with_a_token_is_not_asked_where_it_comes_from() {
    let house = House::new();
    let mina = house.person("mina").await;
    let request = mina
        .request("POST", "/api/rooms")
        .header("origin", "app://madang-desktop")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"kind":"group","name":"Yard"}"#))
        .unwrap();
    assert_eq!(mina.send(request).await.status, 201);
}

#[tokio::test]
async fn a_bad_token_is_not_made_good_by_a_cookie() {
    let house = House::new();
    let mina = house.member("mina").await;
    let program = house.program();
    for authorization in ["Bearer nonsense", "Basic bWluYTpwdw==", "Bearer"] {
        let request = program
            .request("GET", "/api/me")
            .header(
                "cookie",
                format!("madang_access={}", mina.cookies["madang_access"]),
            )
            .header("authorization", authorization)
            .body(Body::empty())
            .unwrap();
        let answer = program.send(request).await;
        assert_eq!(answer.code(), "unauthenticated", "{authorization}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_script_refreshes_by_cookie_and_a_dead_cookie_is_taken_away() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    let spent = mina.cookies["madang_refresh"].clone();
    let answer = mina
        .fetch("POST", "/api/auth/refresh", Some(json!({})))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_ne!(mina.cookies["madang_refresh"], spent);

    house.pass(Duration::from_secs(60));
    mina.cookies.insert("madang_refresh".to_owned(), spent);
    let answer = mina.fetch("POST", "/api/auth/refresh", None).await;
    assert_eq!(answer.code(), "unauthenticated");
    assert!(mina.cookies.is_empty());
    let answer = mina.fetch("POST", "/api/auth/refresh", None).await;
    assert_eq!(answer.code(), "unauthenticated");
}

#[tokio::test]
async fn a_log_out_ends_a_session_whose_access_token_has_ended() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    let kept = mina.cookies.clone();
    house.pass(Duration::from_secs(700));
    assert_eq!(
        mina.fetch("POST", "/api/auth/logout", None).await.status,
        204
    );
    assert!(mina.cookies.is_empty());
    mina.cookies = kept;
    assert_eq!(
        mina.fetch("POST", "/api/auth/refresh", None).await.code(),
        "unauthenticated"
    );
    // Who is signed out already may be signed out again.
    assert_eq!(
        mina.fetch("POST", "/api/auth/logout", None).await.status,
        204
    );
}
