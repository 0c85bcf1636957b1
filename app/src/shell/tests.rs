//! The pages as the server sends them, and what people may type must never become on them.

use protocol::wire::{Language, Problem, Room, code};

use super::*;
use crate::testing::{GROUP, direct, id, lived_in, message, page, user};

const NASTY: &str =
    "</script></title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

fn boot(language: Language, theme: Theme) -> Boot {
    Boot {
        language,
        theme,
        ..Boot::default()
    }
}

/// Of everything that could run, only the two scripts of the shell may be on a page.
fn assert_tame(html: &str) {
    assert_eq!(html.matches("<script").count(), 2);
    assert!(!html.contains("<img"));
    assert!(!html.contains(" style="));
    assert!(
        !html.contains("alert(1)>"),
        "an attribute was broken out of"
    );
}

#[test]
fn what_people_typed_never_becomes_markup() {
    let mut boot = lived_in(boot(Language::English, Theme::System), Some(id(GROUP)));
    for user in &mut boot.users {
        user.display_name = NASTY.to_owned();
    }
    boot.me = Some(user(1, NASTY));
    for room in &mut boot.rooms {
        room.name = NASTY.to_owned();
    }
    let window = boot.room.as_mut().unwrap();
    for message in &mut window.messages {
        message.body = format!("{NASTY} https://a.b/{NASTY}");
    }
    window.messages[0].reactions = vec![protocol::wire::Reaction {
        emoji: NASTY.to_owned(),
        users: vec![id(1)],
    }];
    for member in &mut window.members {
        member.user.display_name = NASTY.to_owned();
    }
    for path in [
        format!("/rooms/{}", id::<protocol::RoomId>(GROUP)),
        "/".into(),
        "/settings".into(),
    ] {
        assert_tame(&page(&path, boot.clone()));
    }
}

#[test]
fn the_name_in_a_refused_form_comes_back_as_text() {
    let mut boot = boot(Language::Korean, Theme::System);
    boot.typed_name = Some(NASTY.to_owned());
    boot.problem = Some(Problem::new(code::WRONG_LOGIN, NASTY));
    for path in ["/login", "/register"] {
        let html = page(path, boot.clone());
        assert_tame(&html);
        assert!(html.contains("role=\"alert\""));
    }
}

/// The page of a room that answers a form which was refused.
fn unsent(code: &str, body: &str) -> String {
    let mut boot = lived_in(boot(Language::English, Theme::System), Some(id(GROUP)));
    let mut problem = Problem::new(code, NASTY);
    problem.status = Some(503);
    boot.problem = Some(problem);
    boot.typed_body = Some(body.to_owned());
    boot.typed_id = Some(id(77));
    boot.form_id = Some(id(78));
    page(&format!("/rooms/{}", id::<protocol::RoomId>(GROUP)), boot)
}

#[test]
fn a_refused_message_comes_back_as_text_above_the_composer() {
    for code in [code::TOO_LONG, code::UNAVAILABLE] {
        let html = unsent(code, NASTY);
        assert_tame(&html);
        let told = html.find("role=\"alert\"").unwrap();
        assert!(told < html.find("class=\"composer\"").unwrap());
        assert!(html.contains("></textarea>"));
    }
}

#[test]
fn what_a_stranger_wrote_in_a_room_comes_back_with_the_way_in() {
    let mut boot = boot(Language::English, Theme::System);
    let mut problem = Problem::new(code::UNAUTHENTICATED, NASTY);
    problem.status = Some(401);
    boot.problem = Some(problem);
    boot.typed_body = Some(NASTY.to_owned());
    let room = format!("/rooms/{}", id::<protocol::RoomId>(GROUP));
    let html = page(&room, boot);
    assert_tame(&html);
    assert!(html.contains("<blockquote"), "{html}");
    assert!(html.contains("type=\"hidden\" name=\"body\""), "{html}");
    assert!(
        html.contains(&format!("action=\"/login?next={room}\"")),
        "{html}"
    );
}

#[test]
fn of_many_members_only_some_are_known_to_be_here() {
    let room = format!("/rooms/{}", id::<protocol::RoomId>(GROUP));
    let mut boot = lived_in(boot(Language::Korean, Theme::System), Some(id(GROUP)));
    assert!(page(&room, boot.clone()).contains("지금 2명 있음"));
    boot.rooms[0].members = 3_000;
    assert!(page(&room, boot).contains("지금 2명 이상 있음"));
}

#[test]
fn what_may_be_taken_later_can_be_sent_again_under_its_id() {
    let again = format!("name=\"id\" value=\"{}\"", id::<protocol::OpId>(77));
    let html = unsent(code::UNAVAILABLE, "hello there");
    assert!(html.contains(&again), "{html}");
    assert!(html.contains("name=\"body\" value=\"hello there\""));
    assert!(!unsent(code::TOO_LONG, "hello there").contains(&again));
}

#[test]
fn while_nobody_knows_who_is_there_the_page_offers_to_try_again() {
    let room = format!("/rooms/{}", id::<protocol::RoomId>(GROUP));
    for path in ["/", "/settings", room.as_str()] {
        let mut boot = boot(Language::Korean, Theme::System);
        let mut problem = Problem::new(code::UNAVAILABLE, NASTY);
        problem.status = Some(503);
        boot.problem = Some(problem);
        let html = page(path, boot);
        assert_tame(&html);
        assert!(html.contains("role=\"alert\""), "{html}");
        assert!(html.contains(&format!("href=\"{path}\"")), "{html}");
        assert!(!html.contains("href=\"/register\""), "{html}");
    }
}

#[test]
fn older_messages_are_a_link_away_without_a_script_and_so_is_the_way_back() {
    let room = format!("/rooms/{}", id::<protocol::RoomId>(GROUP));
    let mut boot = lived_in(boot(Language::English, Theme::System), Some(id(GROUP)));
    let first = boot.room.as_ref().unwrap().messages[0].rev;
    let back = format!("<a href=\"{room}\" rel=\"external\">");
    let html = page(&room, boot.clone());
    assert!(
        html.contains(&format!("href=\"{room}?before={first}\"")),
        "{html}"
    );
    assert!(!html.contains(&back));
    boot.room.as_mut().unwrap().newer = true;
    assert!(page(&room, boot).contains(&back));
}

#[test]
fn the_boot_is_the_same_after_a_trip_through_the_page() {
    let mut boot = lived_in(boot(Language::Korean, Theme::Dark), Some(id(GROUP)));
    boot.room.as_mut().unwrap().messages[0].body = format!("{NASTY}\u{2028}\u{2029}");
    let html = page("/", boot.clone());
    let begin = html
        .find("id=\"boot\"")
        .and_then(|at| Some(at + html[at..].find('>')? + 1))
        .unwrap();
    let end = begin + html[begin..].find("</script>").unwrap();
    assert_eq!(
        serde_json::from_str::<Boot>(&html[begin..end]).unwrap(),
        boot
    );
}

#[test]
fn a_stranger_is_told_what_this_is() {
    let html = page("/", boot(Language::Korean, Theme::System));
    assert!(html.contains("lang=\"ko\"") && html.contains("data-theme=\"system\""));
    assert!(html.contains("href=\"/login\"") && html.contains("href=\"/register\""));
}

#[test]
fn a_room_is_readable_and_writable_without_a_script() {
    let html = page(
        &format!("/rooms/{}", id::<protocol::RoomId>(GROUP)),
        lived_in(boot(Language::Korean, Theme::System), Some(id(GROUP))),
    );
    assert!(html.contains("불광역 2번 출구에서"));
    assert!(html.contains(&format!(
        "action=\"/rooms/{}\"",
        id::<protocol::RoomId>(GROUP)
    )));
    assert!(html.contains("name=\"body\""));
    assert!(
        html.contains("></textarea>"),
        "the box is empty: its children are not escaped"
    );
}

#[test]
fn a_direct_room_may_be_named_by_its_two_people() {
    let path = format!(
        "/rooms/{}&{}",
        id::<protocol::UserId>(2),
        id::<protocol::UserId>(1)
    );
    let html = page(
        &path,
        lived_in(boot(Language::English, Theme::System), Some(direct(2))),
    );
    assert!(html.contains("새로 생긴 국숫집"));
}

#[test]
fn a_room_that_is_not_mine_is_said_to_be_missing() {
    let mut boot = lived_in(boot(Language::English, Theme::System), None);
    boot.problem = Some(Problem::new(code::ROOM_NOT_FOUND, "no such room"));
    let html = page(&format!("/rooms/{}", id::<protocol::RoomId>(77)), boot);
    assert!(html.contains("This room is not here"));
}

#[test]
fn an_empty_room_invites_to_speak() {
    let mut boot = lived_in(boot(Language::Korean, Theme::System), Some(direct(5)));
    boot.room.as_mut().unwrap().messages.clear();
    let html = page(&format!("/rooms/{}", direct(5)), boot);
    assert!(html.contains("먼저 인사해 보세요"));
}

#[test]
fn an_address_that_names_nothing_says_so() {
    let html = page("/nowhere", boot(Language::English, Theme::System));
    assert!(html.contains("There is nothing at this address"));
}

#[test]
fn a_message_that_is_deleted_leaves_no_words() {
    let mut boot = lived_in(boot(Language::English, Theme::System), Some(direct(2)));
    let mut gone = message(9, 2, 0, "");
    gone.deleted = true;
    boot.room.as_mut().unwrap().messages = vec![gone];
    let html = page(&format!("/rooms/{}", direct(2)), boot);
    assert!(html.contains("This message was deleted"));
}

#[test]
fn the_start_script_cannot_be_broken_by_a_name() {
    let assets = Assets {
        script: "/a\"</script>.js".to_owned(),
        wasm: "/b.wasm".to_owned(),
        style: String::new(),
        icon: String::new(),
    };
    let script = start_script(&assets);
    assert!(!script.contains('<'), "{script}");
    assert!(
        script.contains("init({module_or_path:\"/b.wasm\"})"),
        "{script}"
    );
}

/// Draws the pages into a folder, to be looked at: `DRAW=/tmp/pages cargo test -p app draws`.
#[test]
fn the_server_draws_every_page_in_every_look() {
    let folder = std::env::var_os("DRAW").map(std::path::PathBuf::from);
    for language in [Language::Korean, Language::English] {
        for theme in [Theme::Light, Theme::Dark] {
            let me = |open: Option<_>| lived_in(boot(language, theme), open);
            let mut refused = boot(language, theme);
            refused.problem = Some(Problem::new(
                code::WRONG_LOGIN,
                "The name or the password is wrong.",
            ));
            refused.typed_name = Some("haneul".to_owned());
            let mut nobody = boot(language, theme);
            nobody.me = Some(user(1, "하늘"));
            nobody.rooms = Vec::<Room>::new();
            let group = format!("/rooms/{}", id::<protocol::RoomId>(GROUP));
            let pages = [
                ("welcome", "/", boot(language, theme)),
                ("login", "/login", refused),
                ("register", "/register", boot(language, theme)),
                ("lobby", "/", me(None)),
                ("empty", "/", nobody),
                ("group", group.as_str(), me(Some(id(GROUP)))),
                (
                    "direct",
                    &format!("/rooms/{}", direct(2)),
                    me(Some(direct(2))),
                ),
                ("settings", "/settings", me(None)),
            ];
            for (name, path, boot) in pages {
                let html = page(path, boot);
                assert!(html.starts_with("<!DOCTYPE html>"));
                if let Some(folder) = &folder {
                    let file = format!("{name}-{}-{}.html", language.tag(), theme.tag());
                    let local = html.replace("/pkg/madang.css", "madang.css");
                    std::fs::write(folder.join(file), local).unwrap();
                }
            }
        }
    }
}
