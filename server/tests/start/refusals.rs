//! What keeps a server from starting, said in a sentence, with an exit code that is not 0.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::madang::{Ended, Madang, binary, binary_in, command, serve};

/// `nobody`, where the tests run as root, whom no permission stops.
const NOBODY: u32 = 65534;

fn refused(command: Command, words: &[&str]) {
    let Err(Ended { code, said }) = Madang::start(command) else {
        panic!("it started");
    };
    assert_eq!(code, Some(1), "{said}");
    for words in words {
        assert!(said.contains(words), "\"{words}\" in {said}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let mut command = command(binary());
    command.args(["serve", "--addr", &address, "--data"]);
    command.arg(data.path());
    refused(command, &["cannot listen on", &address, "MADANG_ADDR"]);
}

#[tokio::test]
async fn a_second_server_on_a_data_directory_is_refused_and_the_first_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let first = Madang::start(serve(data.path())).unwrap();
    refused(
        serve(data.path()),
        &["Another server already uses", "MADANG_DATA"],
    );
    assert_eq!(first.http().get("/readyz").await.status, 200);
    drop(first);
    // Killed, it leaves no lock behind.
    Madang::start(serve(data.path())).unwrap();
}

#[test]
fn a_data_directory_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(folder.path(), 0o755);
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    set(&data, 0o555);
    let mut command = command(&binary_in(folder.path()));
    command.args(["serve", "--addr", "127.0.0.1:0", "--data"]);
    command.arg(&data);
    if fs::metadata(&data).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let name = data.to_string_lossy();
    refused(command, &[&name, "cannot be used", "MADANG_DATA"]);
}

#[test]
fn a_file_in_place_of_the_data_directory_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::write(&data, "mine").unwrap();
    refused(serve(&data), &["cannot be used", "MADANG_DATA"]);
    assert_eq!(fs::read_to_string(&data).unwrap(), "mine");
}

#[test]
fn another_programs_database_is_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("madang.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(other);
    let before = fs::read(&file).unwrap();
    refused(
        serve(data.path()),
        &["belongs to another program", "MADANG_DATA"],
    );
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_cluster_that_is_set_by_half_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut half = serve(&data);
    half.env("MADANG_REDIS_URL", "redis://127.0.0.1:1");
    refused(
        half,
        &["MADANG_MONGODB_URI and MADANG_KAFKA_BROKERS must be set too"],
    );
    assert!(!data.exists());
}
