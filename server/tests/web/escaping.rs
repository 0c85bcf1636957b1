//! What people typed never becomes markup: not in the page, not in what the page starts from.

use serde_json::json;

use crate::asking::PASSWORD;
use crate::house::House;

/// Each would show if it got through somewhere.
const ATTACKS: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "]]>\u{2028}alert(1)//\\u003c\\",
];

/// The page's own tags and nothing else: no attack left one behind.
fn assert_harmless(html: &str) {
    for trace in [
        "<script>alert",
        "<img src=x",
        "<svg onload",
        "<!--<script",
        "</title><script",
    ] {
        assert!(!html.contains(trace), "{trace} in {html}");
    }
    // What the page starts from, what starts it, and the two of the framework.
    assert_eq!(html.matches("<script").count(), 4, "{html}");
    assert_eq!(html.matches("</script>").count(), 4, "{html}");
    assert_eq!(html.matches("<title").count(), 1);
    assert_eq!(
        html.matches("<textarea").count(),
        html.matches("</textarea>").count()
    );
}

#[tokio::test]
async fn messages_names_and_rooms_are_text() {
    let house = House::new();
    let jun = house.person("jun").await;
    for attack in ATTACKS {
        let answer = jun.patch("/api/me", json!({ "displayName": attack })).await;
        assert!(
            answer.status == 200 || answer.status == 422,
            "{}",
            answer.text
        );
        let name: String = attack
            .chars()
            .filter(|letter| !letter.is_control())
            .take(40)
            .collect();
        let room = jun
            .post("/api/rooms", json!({ "kind": "group", "name": name }))
            .await;
        let room = match room.status {
            201 => room.json()["id"].as_str().unwrap().to_owned(),
            _ => jun.group("Yard", &[]).await,
        };
        let said = jun.say(&room, attack).await;
        let reply = json!({ "id": uuid::Uuid::now_v7(), "body": attack, "replyTo": said });
        jun.post(&format!("/api/rooms/{room}/messages"), reply)
            .await;

        let mut browser = house.browser();
        browser.enter("/login", "jun").await;
        for path in [
            format!("/rooms/{room}"),
            "/".to_owned(),
            "/settings".to_owned(),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200);
            assert_harmless(&page.text);
        }
        let boot = browser.get(&format!("/rooms/{room}")).await.boot();
        assert_eq!(boot["room"]["messages"][0]["body"], attack);
    }
}

#[tokio::test]
async fn what_was_typed_into_a_form_comes_back_as_text() {
    let house = House::new();
    for attack in ATTACKS {
        let mut browser = house.browser();
        let form = [("username", attack), ("password", PASSWORD)];
        for path in ["/login", "/register"] {
            let page = browser.post(path, &form).await;
            assert!((400..500).contains(&page.status));
            assert_harmless(&page.text);
            assert_eq!(page.boot()["typedName"], attack);
        }
    }
}

#[tokio::test]
async fn a_message_that_comes_back_unsent_is_text() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    for attack in ATTACKS {
        let long = format!("{attack}{}", "x".repeat(10_001));
        let page = browser.post(&room, &[("body", &long)]).await;
        assert_eq!(page.status, 422);
        assert_harmless(&page.text);
        assert_eq!(page.boot()["typedBody"], long.as_str());
    }
}

#[tokio::test]
async fn addresses_and_headers_are_text() {
    let house = House::new();
    let mut browser = house.browser();
    for path in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/login?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/rooms/%3C!--%3Cscript%3E",
    ] {
        let page = browser.get(path).await;
        if page.status != 303 {
            assert_harmless(&page.text);
        }
        assert!(!page.header("location").contains('<'));
    }
    browser.language = "\"><script>alert(1)</script>";
    assert_harmless(&browser.get("/").await.text);
}
