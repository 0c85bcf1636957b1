//! What is the disk's own: directories, and what a crash leaves in them.

use std::path::Path;

use bytes::Bytes;
use server::files::{DiskFiles, Files, FilesError};
use tempfile::TempDir;

use crate::files::put;

pub fn fresh() -> (DiskFiles, TempDir) {
    let dir = TempDir::new().unwrap();
    (DiskFiles::open(dir.path()).unwrap(), dir)
}

fn files_below(dir: &Path) -> usize {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn a_dropped_file_leaves_nothing_behind() {
    let (files, dir) = fresh();
    let mut incoming = files.begin(99).await.unwrap();
    incoming
        .write(Bytes::from_static(b"never mind"))
        .await
        .unwrap();
    assert_eq!(files_below(dir.path()), 1);
    drop(incoming);
    assert_eq!(files_below(dir.path()), 0);
}

#[tokio::test]
async fn the_same_content_takes_space_once() {
    let (files, dir) = fresh();
    put(&files, &[b"same"]).await.unwrap();
    put(&files, &[b"same"]).await.unwrap();
    assert_eq!(files_below(dir.path()), 1);
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_and_the_rest_kept() {
    let (files, dir) = fresh();
    let (kept, _) = put(&files, &[b"kept"]).await.unwrap();
    let mut half = files.begin(99).await.unwrap();
    half.write(Bytes::from_static(b"half")).await.unwrap();
    std::mem::forget(half);

    let files = DiskFiles::open(dir.path()).unwrap();
    assert_eq!(files_below(dir.path()), 1);
    assert_eq!(files.read(kept, 0, 99).await.unwrap().unwrap(), "kept");
}

#[tokio::test]
async fn content_that_was_altered_is_not_handed_out() {
    let (files, dir) = fresh();
    let (digest, _) = put(&files, &[b"genuine"]).await.unwrap();
    let name = digest.to_string();
    std::fs::write(dir.path().join(&name[..2]).join(&name), b"forged!").unwrap();
    assert!(matches!(
        files.read(digest, 0, 99).await,
        Err(FilesError::Corrupt(_))
    ));
}

#[test]
fn a_place_that_is_no_directory_is_refused_with_its_name() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = DiskFiles::open(&file).err().unwrap();
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}
