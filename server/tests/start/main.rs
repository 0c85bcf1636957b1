//! The binary as whoever starts it meets it: what it says and does when something is wrong with the machine, and that it
//! needs nothing beside itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod doctor;
mod full_disk;
mod madang;
mod refusals;
mod roles;

use madang::Madang;

#[tokio::test]
async fn the_binary_alone_in_an_empty_folder_serves_everything() {
    let folder = tempfile::tempdir().unwrap();
    let alone = madang::binary_in(folder.path());
    let mut command = madang::command(&alone);
    command
        .args(["serve", "--addr", "127.0.0.1:0"])
        .current_dir(folder.path());
    let madang = Madang::start(command).unwrap();
    let http = madang.http();
    let page = http.get("/").await;
    assert_eq!(page.status, 200);
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        "/login",
    ] {
        assert_eq!(http.get(path).await.status, 200, "{path}");
    }
    let person = serde_json::json!({ "username": "mina", "password": "correct horse" });
    assert_eq!(http.post("/api/auth/register", &person).await.status, 200);
    // It keeps its things in one place, beside it.
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["data", "madang"]);

    if page.text.contains("/pkg/madang.js") {
        common::skip(
            "the_binary_alone_in_an_empty_folder_serves_everything",
            "this binary was built without the site, so its scripts and styles are not asked for",
        );
        return;
    }
    let assets: Vec<&str> = page
        .text
        .split(['"', '\''])
        .filter(|piece| piece.starts_with("/assets/") || piece.starts_with("/pkg/"))
        .collect();
    assert!(!assets.is_empty(), "{}", page.text);
    for asset in assets {
        let answer = http.get(asset).await;
        assert_eq!(answer.status, 200, "{asset}");
    }
}
