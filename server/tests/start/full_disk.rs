//! A data directory on a small disk of its own, in a mount namespace that only the server is in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Http, id, skip};
use crate::madang::{Madang, binary, command};

/// Needs a kernel that lets this user mount. In `$0` a disk with a large file on it, then what follows.
const ON_A_SMALL_DISK: &str = "mount -t tmpfs -o size=16m none \"$0\" && \
                               head -c 10M /dev/zero > \"$0/filler\" && exec \"$@\"";

fn on_a_small_disk(place: &Path, program: &Path) -> Command {
    let mut command = command(Path::new("unshare"));
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            ON_A_SMALL_DISK,
        ])
        .args([place, program]);
    command
}

/// Says long things until one is refused; that one and the answer.
async fn until_refused(http: &Http, messages: &str) -> (Value, crate::common::http::Answer) {
    // More than the disk holds.
    for _ in 0..2_000 {
        let message = json!({ "id": id(), "body": "가".repeat(9_000) });
        let answer = http.post(messages, &message).await;
        if answer.status != 201 {
            return (message, answer);
        }
    }
    panic!("the disk was never full");
}

#[tokio::test]
async fn a_full_disk_is_said_and_passes_when_there_is_room_again() {
    let place = tempfile::tempdir().unwrap();
    let can = on_a_small_disk(place.path(), Path::new("true")).output();
    if !can.is_ok_and(|can| can.status.success()) {
        skip(
            "a_full_disk_is_said_and_passes_when_there_is_room_again",
            "no disk can be mounted here",
        );
        return;
    }
    let mut command = on_a_small_disk(place.path(), binary());
    command.args(["serve", "--addr", "127.0.0.1:0", "--data"]);
    command.arg(place.path().join("data"));
    command.args(["--message-burst", "10000", "--messages-per-second", "10000"]);
    let madang = Madang::start(command).unwrap();

    let person = json!({ "username": "mina", "password": "correct horse" });
    let mina = madang.http().post("/api/auth/register", &person).await;
    let http = Http {
        token: Some(mina.json()["accessToken"].as_str().unwrap().to_owned()),
        ..madang.http()
    };
    let room = json!({ "kind": "group", "name": "Yard" });
    let room = http.post("/api/rooms", &room).await.json()["id"].clone();
    let messages = format!("/api/rooms/{}/messages", room.as_str().unwrap());

    let (message, answer) = until_refused(&http, &messages).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json()["code"], "cannot_write");
    // What was said before is still readable.
    assert_eq!(http.get(&messages).await.status, 200);
    assert_eq!(http.post(&messages, &message).await.status, 503);

    let filler: PathBuf = format!("/proc/{}/root", madang.id()).into();
    fs::remove_file(
        filler
            .join(place.path().strip_prefix("/").unwrap())
            .join("filler"),
    )
    .unwrap();
    let answer = http.post(&messages, &message).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}
