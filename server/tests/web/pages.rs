//! The pages as the server draws them.

use std::time::Duration;

use axum::body::Body;
use server::web::WebSettings;
use uuid::Uuid;

use crate::asking::send;
use crate::house::House;

#[tokio::test]
async fn a_stranger_sees_the_way_in() {
    let house = House::new();
    let mut browser = house.browser();
    let page = browser.get("/").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("/login") && page.text.contains("/register"));
    assert!(page.boot()["me"].is_null());
    assert_eq!(page.boot()["now"], "2026-11-20T12:00:00.000Z");
    for path in ["/login", "/register"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("name=\"username\"") && page.text.contains("method=\"post\""));
    }
}

#[tokio::test]
async fn a_member_sees_their_rooms_and_the_messages_of_the_open_one() {
    let house = House::new();
    let jun = house.person("jun").await;
    let mut mina = house.member("mina").await;
    let me = mina.get("/").await.boot()["me"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let direct = format!("{me}&{}", jun.id);
    jun.say(&direct, "are you there?").await;

    let page = mina.get("/").await;
    let room = page.boot()["rooms"][0].clone();
    assert_eq!(room["unread"], 1);
    assert!(page.text.contains("jun"), "{}", page.text);
    let path = format!("/rooms/{}", room["id"].as_str().unwrap());
    let page = mina.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("are you there?"));
    let boot = page.boot();
    assert_eq!(boot["room"]["messages"][0]["body"], "are you there?");
    let users = boot["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["id"] == jun.id));
    // Named by its people, the room leads to its one address.
    let named = mina.get(&format!("/rooms/{direct}")).await;
    assert_eq!(
        (named.status, named.header("location")),
        (303, path.as_str())
    );
}

#[tokio::test]
async fn a_direct_room_opens_before_anything_was_said() {
    let house = House::new();
    let jun = house.person("jun").await;
    let mut mina = house.member("mina").await;
    let me = mina.get("/").await.boot()["me"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/rooms/{me}&{}", jun.id);
    let page = mina.get(&path).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.boot()["room"]["members"].as_array().unwrap().len(), 2);
    let said = mina.post(&path, &[("body", "hello")]).await;
    assert_eq!(said.status, 303);
    let room = said.header("location").to_owned();
    assert!(mina.get(&room).await.text.contains("hello"));
}

#[tokio::test]
async fn whoever_wrote_and_left_is_still_named() {
    let house = House::new();
    let (jun, hana) = (house.person("jun").await, house.person("hana").await);
    let room = jun.group("Yard", &[&hana]).await;
    hana.say(&room, "goodbye").await;
    hana.delete(&format!("/api/rooms/{room}/members/{}", hana.id))
        .await;
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let boot = browser.get(&format!("/rooms/{room}")).await.boot();
    let users = boot["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["id"] == hana.id), "{users:?}");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let house = House::new();
    let jun = house.person("jun").await;
    let theirs = jun.group("Secret", &[]).await;
    let mut mina = house.member("mina").await;
    for path in [
        "/nothing",
        "/rooms",
        "/rooms/nonsense",
        "/rooms/%FF",
        "/settings/nothing",
    ] {
        let page = mina.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert_eq!(page.boot()["problem"]["code"], "not_found", "{path}");
        assert_eq!(page.boot()["me"]["username"], "mina");
    }
    for room in [theirs, Uuid::now_v7().to_string()] {
        let page = mina.get(&format!("/rooms/{room}")).await;
        assert_eq!(page.status, 404);
        assert_eq!(page.boot()["problem"]["code"], "room_not_found");
        assert!(!page.text.contains("Secret"));
    }
}

#[tokio::test]
async fn strangers_are_led_through_the_door_and_on() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = jun.group("Yard", &[]).await;
    let mut browser = house.browser();
    let path = format!("/rooms/{room}");
    let turned = browser.get(&path).await;
    assert_eq!(turned.status, 303);
    let door = turned.header("location").to_owned();
    assert_eq!(door, format!("/login?next={path}"));
    let page = browser.get(&door).await;
    assert!(
        page.text.contains(&format!("action=\"{door}\"")),
        "{}",
        page.text
    );
    let mistyped = [("username", "jun"), ("password", "not this one")];
    let refused = browser.post(&door, &mistyped).await;
    assert_eq!(refused.status, 401);
    for way_on in [
        format!("action=\"{door}\""),
        format!("href=\"/register?next={path}\""),
        // A change of language comes back to the same door.
        format!("name=\"next\" value=\"{door}\""),
    ] {
        assert!(refused.text.contains(&way_on), "{}", refused.text);
    }
    let fields = [("username", "jun"), ("password", crate::asking::PASSWORD)];
    let entered = browser.post(&door, &fields).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, path.as_str())
    );
    assert_eq!(browser.get(&path).await.status, 200);
    // Who is inside already has no business at the door.
    let turned = browser.get(&door).await;
    assert_eq!(
        (turned.status, turned.header("location")),
        (303, path.as_str())
    );
    assert_eq!(
        house.browser().get("/settings").await.header("location"),
        "/login?next=/settings"
    );
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_is_a_strangers() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    let form = [("username", "mina"), ("password", crate::asking::PASSWORD)];
    let mut phone = house.browser();
    phone.post("/login", &form).await;
    let devices = phone.fetch("GET", "/api/me/sessions", None).await.json();
    for device in devices["items"].as_array().unwrap() {
        if device["current"] == false {
            let path = format!("/api/me/sessions/{}", device["id"].as_str().unwrap());
            phone.fetch("DELETE", &path, None).await;
        }
    }
    assert!(mina.get("/").await.boot()["me"].is_null());
    assert!(mina.cookies.is_empty());
    assert_eq!(mina.get("/login").await.status, 200);
    assert_eq!(mina.get("/settings").await.status, 303);
}

#[tokio::test]
async fn a_page_renews_a_session_whose_access_token_has_ended() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    let before = mina.cookies.clone();
    house.pass(Duration::from_secs(3600));
    let page = mina.get("/").await;
    assert_eq!(page.boot()["me"]["username"], "mina");
    assert_ne!(mina.cookies["madang_refresh"], before["madang_refresh"]);
    assert_ne!(mina.cookies["madang_access"], before["madang_access"]);
    assert_eq!(mina.get("/").await.set_cookies(), Vec::<String>::new());
    // Out of use for too long, it is over, and the browser may forget it.
    house.pass(Duration::from_secs(60 * 24 * 3600));
    assert!(mina.get("/").await.boot()["me"].is_null());
    assert!(mina.cookies.is_empty());
}

#[tokio::test]
async fn a_store_that_fails_signs_nobody_out() {
    let house = House::new();
    let mut mina = house.member("mina").await;
    house.pass(Duration::from_secs(3600));
    house.store.close().await.unwrap();
    let page = mina.get("/settings").await;
    assert_eq!(page.status, 503);
    assert_eq!(page.boot()["problem"]["code"], "unavailable");
    assert!(!page.header("retry-after").is_empty());
    assert_eq!(mina.cookies.len(), 2);
}

#[tokio::test]
async fn a_page_speaks_the_browsers_language_or_the_chosen_one() {
    let house = House::new();
    let mut browser = house.browser();
    browser.language = "ko-KR,ko;q=0.9,en;q=0.8";
    let page = browser.get("/").await;
    assert!(
        page.text.contains("<html lang=\"ko\""),
        "{}",
        &page.text[..200]
    );
    browser
        .cookies
        .insert("madang_language".to_owned(), "en".to_owned());
    browser
        .cookies
        .insert("madang_theme".to_owned(), "dark".to_owned());
    browser
        .cookies
        .insert("madang_utc_offset".to_owned(), "540".to_owned());
    let page = browser.get("/").await;
    assert!(page.text.contains("<html lang=\"en\""));
    assert!(page.text.contains("data-theme=\"dark\""));
    assert_eq!(page.boot()["utcOffset"], 540);
    browser
        .cookies
        .insert("madang_utc_offset".to_owned(), "99999999999".to_owned());
    browser
        .cookies
        .insert("madang_theme".to_owned(), "\"><script>".to_owned());
    let page = browser.get("/").await;
    assert_eq!(page.boot()["utcOffset"], 0);
    assert!(!page.text.contains("\"><script>"));
}

#[tokio::test]
async fn every_page_has_its_own_nonce_and_runs_nothing_without_it() {
    let house = House::new();
    let mut browser = house.browser();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = browser.get("/").await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned();
        for tag in page.text.split("<script").skip(1) {
            let tag = tag.split('>').next().unwrap();
            let data = tag.contains("application/json");
            assert!(data || tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}");
        }
        assert!(!page.text.contains(" style=\"") && !page.text.contains(" onclick="));
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn a_page_is_kept_by_nobody_and_framed_by_nobody() {
    let house = House::with(WebSettings {
        public_origin: Some("https://chat.example".parse().unwrap()),
        ..WebSettings::default()
    });
    let mut mina = house.member("mina").await;
    for path in [
        "/",
        "/settings",
        "/nothing",
        "/api/me",
        "/api/nothing",
        "/healthz",
    ] {
        let answer = mina.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        assert!(
            answer
                .header("strict-transport-security")
                .starts_with("max-age="),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_long_page_is_compressed_for_whoever_can_read_it() {
    let house = House::new();
    let program = house.program();
    let request = program
        .request("GET", "/")
        .header("accept", "text/html")
        .header("accept-encoding", "gzip, br")
        .body(Body::empty())
        .unwrap();
    let page = send(&house.router, request).await;
    assert_eq!(page.header("content-encoding"), "gzip");
    assert!(
        page.headers
            .get_all("vary")
            .iter()
            .any(|value| value == "accept-encoding")
    );
}

#[tokio::test]
async fn a_missing_file_is_not_a_page() {
    let house = House::new();
    let program = house.program();
    for (path, accept) in [("/assets/madang.js", "*/*"), ("/missing.png", "image/*")] {
        let request = program
            .request("GET", path)
            .header("accept", accept)
            .body(Body::empty())
            .unwrap();
        let answer = program.send(request).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text.len() < 100, "{}", answer.text);
    }
}
