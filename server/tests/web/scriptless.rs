//! A browser without scripts: everything by plain forms.

use std::time::Duration;

use crate::asking::PASSWORD;
use crate::house::House;

#[tokio::test]
async fn a_person_registers_talks_and_leaves_without_a_script() {
    let house = House::new();
    let mut mina = house.browser();
    let form = [
        ("username", "mina"),
        ("displayName", "미나"),
        ("password", PASSWORD),
    ];
    let entered = mina.post("/register", &form).await;
    assert_eq!((entered.status, entered.header("location")), (303, "/"));
    assert_eq!(mina.get("/").await.boot()["me"]["displayName"], "미나");

    let jun = house.person("jun").await;
    let me = mina.get("/").await.boot()["me"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let room = {
        let direct = format!("{}&{me}", jun.id);
        jun.say(&direct, "hello").await;
        format!(
            "/rooms/{}",
            mina.get("/").await.boot()["rooms"][0]["id"]
                .as_str()
                .unwrap()
        )
    };
    let said = mina.post(&room, &[("body", "two\r\nlines")]).await;
    assert_eq!((said.status, said.header("location")), (303, room.as_str()));
    let boot = mina.get(&room).await.boot();
    assert_eq!(boot["room"]["messages"][1]["body"], "two\nlines");

    let left = mina.post("/logout", &[]).await;
    assert_eq!((left.status, left.header("location")), (303, "/"));
    assert!(mina.cookies.is_empty());
    assert!(mina.get("/").await.boot()["me"].is_null());
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    let house = House::new();
    house.person("mina").await;
    let mut browser = house.browser();
    let form = [("username", "mina"), ("password", "wrong horse")];
    let page = browser.post("/login", &form).await;
    assert_eq!(page.status, 401);
    assert_eq!(page.boot()["problem"]["code"], "wrong_login");
    assert_eq!(page.boot()["typedName"], "mina");
    assert!(page.text.contains("value=\"mina\""), "{}", page.text);
    assert!(!page.text.contains("wrong horse"));
    assert!(browser.cookies.is_empty());

    let page = browser.enter("/register", "mina").await;
    assert_eq!(page.status, 409);
    assert_eq!(page.boot()["problem"]["field"], "username");
    let page = browser.post("/login", &[("username", "mina")]).await;
    assert_eq!(page.boot()["problem"]["code"], "bad_request");
}

#[tokio::test]
async fn a_message_that_is_refused_is_said_on_the_rooms_page() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let page = browser.post(&room, &[("body", "   ")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.boot()["problem"]["code"], "empty");
    assert!(page.boot()["room"].is_object());
    assert!(page.text.contains("role=\"alert\""), "{}", page.text);
    let mut eve = house.member("eve").await;
    let page = eve.post(&room, &[("body", "hello")]).await;
    assert_eq!(
        (page.status, page.boot()["problem"]["code"].clone()),
        (404, "room_not_found".into())
    );
}

#[tokio::test]
async fn what_a_stranger_writes_in_a_room_is_given_back_until_they_are_in() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let story = "half an hour's <b>story</b>";
    let shown = "half an hour's &lt;b&gt;story";
    let mut stranger = house.browser();
    let page = stranger.post(&room, &[("body", story)]).await;
    assert_eq!(page.status, 401);
    assert_eq!(page.boot()["problem"]["code"], "unauthenticated");
    assert_eq!(page.boot()["typedBody"], story);
    assert!(page.text.contains(shown), "{}", page.text);
    let door = format!("/login?next={room}");
    let way_in = format!("action=\"{door}\"");
    assert!(page.text.contains(&way_in), "{}", page.text);

    let wrong = [
        ("username", "jun"),
        ("password", "wrong horse"),
        ("body", story),
    ];
    let page = stranger.post(&door, &wrong).await;
    assert_eq!(page.boot()["problem"]["code"], "wrong_login");
    assert!(page.text.contains(shown), "{}", page.text);
    assert!(page.text.contains(&way_in), "{}", page.text);
    let right = [("username", "jun"), ("password", PASSWORD), ("body", story)];
    let entered = stranger.post(&door, &right).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, room.as_str())
    );

    // The session ends while the page is open.
    let mine = jun.get("/api/me/sessions").await.json();
    let others = mine["items"].as_array().unwrap().iter();
    for session in others.filter(|session| session["current"] == false) {
        let session = session["id"].as_str().unwrap();
        jun.delete(&format!("/api/me/sessions/{session}")).await;
    }
    let page = stranger.post(&room, &[("body", story)]).await;
    assert_eq!(page.status, 401);
    assert!(page.text.contains(shown), "{}", page.text);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_says_it_once() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let id = uuid::Uuid::now_v7().to_string();
    for _ in 0..2 {
        let said = browser.post(&room, &[("body", "hello"), ("id", &id)]).await;
        assert_eq!(said.status, 303);
    }
    let messages = browser.get(&room).await.boot()["room"]["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_look_is_chosen_by_a_form_and_remembered() {
    let house = House::new();
    let mut browser = house.browser();
    let answer = browser
        .post("/settings", &[("theme", "dark"), ("next", "/login")])
        .await;
    assert_eq!((answer.status, answer.header("location")), (303, "/login"));
    browser.post("/settings", &[("language", "ko")]).await;
    let boot = browser.get("/").await.boot();
    assert_eq!(
        (&boot["theme"], &boot["language"]),
        (&"dark".into(), &"ko".into())
    );
    let form = [
        ("theme", "neon"),
        ("language", "xx"),
        ("next", "//evil.example"),
    ];
    let answer = browser.post("/settings", &form).await;
    assert_eq!(answer.header("location"), "/settings");
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn a_form_leads_nowhere_else() {
    let house = House::new();
    house.person("mina").await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:1",
    ] {
        let mut browser = house.browser();
        let form = [("username", "mina"), ("password", PASSWORD), ("next", next)];
        let entered = browser.post("/login", &form).await;
        assert_eq!(
            (entered.status, entered.header("location")),
            (303, "/"),
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_form_that_was_open_for_an_hour_is_still_taken() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    house.pass(Duration::from_secs(3600));
    assert_eq!(browser.post(&room, &[("body", "hello")]).await.status, 303);
    house.pass(Duration::from_secs(3600));
    // The log-out has the last word over the renewal on its way in.
    browser.post("/logout", &[]).await;
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn what_was_refused_is_given_back_on_the_rooms_page() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let long = format!("a long story {}", "x".repeat(10_001));
    let id = uuid::Uuid::now_v7().to_string();
    let page = browser.post(&room, &[("body", &long), ("id", &id)]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.boot()["problem"]["limit"], 10_000);
    assert_eq!(page.boot()["typedBody"], long.as_str());
    assert_eq!(page.boot()["typedId"], id.as_str());
    let alert = page.text.find("role=\"alert\"").unwrap();
    let composer = page.text.find("name=\"body\"").unwrap();
    assert!(alert < composer);
    assert!(page.text[alert..composer].contains("a long story"));
}

#[tokio::test]
async fn each_page_of_a_room_names_what_its_form_will_say() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = format!("/rooms/{}", jun.group("Yard", &[]).await);
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let page = browser.get(&room).await;
        let id = page.boot()["formId"].as_str().unwrap().to_owned();
        assert!(
            page.text.contains(&format!("name=\"id\" value=\"{id}\"")),
            "{}",
            page.text
        );
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_long_room_is_read_page_by_page() {
    let house = House::new();
    let jun = house.person("jun").await;
    let room = jun.group("Yard", &[]).await;
    for number in 0..60 {
        jun.say(&room, &format!("line {number}.")).await;
        house.pass(Duration::from_secs(1));
    }
    let path = format!("/rooms/{room}");
    let mut browser = house.browser();
    browser.enter("/login", "jun").await;
    let latest = browser.get(&path).await;
    assert!(latest.text.contains("line 59.") && !latest.text.contains("line 9."));
    let first = &latest.boot()["room"]["messages"][0]["rev"];
    let earlier = format!("{path}?before={first}");
    assert!(
        latest.text.contains(&format!("href=\"{earlier}\"")),
        "{}",
        latest.text
    );
    let page = browser.get(&earlier).await;
    assert!(page.text.contains("line 0.") && page.text.contains("line 9."));
    assert_eq!(page.boot()["room"]["newer"], true);
    assert_eq!(page.boot()["room"]["more"], false);
    // The way back.
    let back = format!("<a href=\"{path}\" rel=\"external\">");
    assert!(page.text.contains(&back), "{}", page.text);
    // Before everything there is nothing to read, and a place that is none is not looked for.
    for nowhere in ["0", "1", "nonsense"] {
        let page = browser.get(&format!("{path}?before={nowhere}")).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("line 59."), "{nowhere}");
        assert_eq!(page.boot()["room"]["newer"], false);
    }
}
