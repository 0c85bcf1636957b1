//! What every adapter of the port `Files` must do.

use bytes::Bytes;
use server::files::{Digest, Files, FilesError};
use sha2::{Digest as _, Sha256};

macro_rules! suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::files::tests! { $make;
                a_file_is_read_as_it_was_written,
                a_file_is_named_by_its_content,
                the_same_content_is_kept_once,
                an_empty_file_is_a_file,
                parts_of_a_file_are_read,
                a_file_beyond_the_limit_is_refused,
                a_file_that_is_not_finished_is_not_there,
                a_removed_file_is_gone,
                files_may_come_in_at_once,
            }
        }
    };
}

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            let (files, _keep) = ($make)().await;
            crate::files::$test(&*files).await;
        })+
    };
}

pub(crate) use {suite, tests};

const LIMIT: u64 = 1 << 20;

pub async fn put(files: &dyn Files, chunks: &[&[u8]]) -> Result<(Digest, u64), FilesError> {
    let mut incoming = files.begin(LIMIT).await?;
    for chunk in chunks {
        incoming.write(Bytes::copy_from_slice(chunk)).await?;
    }
    incoming.finish().await
}

async fn whole(files: &dyn Files, digest: Digest) -> Option<Bytes> {
    files.read(digest, 0, usize::MAX).await.unwrap()
}

fn digest_of(content: &[u8]) -> Digest {
    Digest(Sha256::digest(content).into())
}

pub async fn a_file_is_read_as_it_was_written(files: &dyn Files) {
    let large = (0..300_000_u32)
        .flat_map(u32::to_le_bytes)
        .collect::<Vec<_>>();
    let chunks = large[..1 << 20].chunks(150_001).collect::<Vec<_>>();
    let (digest, size) = put(files, &chunks).await.unwrap();
    assert_eq!(size, LIMIT);
    assert_eq!(files.size(digest).await.unwrap(), Some(LIMIT));
    assert_eq!(whole(files, digest).await.unwrap(), large[..1 << 20]);
}

pub async fn a_file_is_named_by_its_content(files: &dyn Files) {
    let (digest, size) = put(files, &[b"court", b"yard"]).await.unwrap();
    assert_eq!((digest, size), (digest_of(b"courtyard"), 9));
}

pub async fn the_same_content_is_kept_once(files: &dyn Files) {
    let first = put(files, &[b"same"]).await.unwrap();
    let second = put(files, &[b"sa", b"me"]).await.unwrap();
    assert_eq!(first, second);
    files.remove(first.0).await.unwrap();
    assert_eq!(whole(files, second.0).await, None);
}

pub async fn an_empty_file_is_a_file(files: &dyn Files) {
    let (digest, size) = put(files, &[]).await.unwrap();
    assert_eq!((digest, size), (digest_of(b""), 0));
    assert_eq!(whole(files, digest).await.unwrap(), Bytes::new());
    assert_eq!(files.size(digest).await.unwrap(), Some(0));
}

pub async fn parts_of_a_file_are_read(files: &dyn Files) {
    let (digest, _) = put(files, &[b"0123456789"]).await.unwrap();
    for (offset, length, expected) in [
        (0, 3, "012"),
        (4, 3, "456"),
        (8, 9, "89"),
        (10, 1, ""),
        (99, 1, ""),
        (0, 0, ""),
    ] {
        let part = files.read(digest, offset, length).await.unwrap().unwrap();
        assert_eq!(part, expected.as_bytes());
    }
    assert_eq!(files.read(digest_of(b"other"), 0, 9).await.unwrap(), None);
    assert_eq!(files.size(digest_of(b"other")).await.unwrap(), None);
}

pub async fn a_file_beyond_the_limit_is_refused(files: &dyn Files) {
    let mut incoming = files.begin(4).await.unwrap();
    incoming.write(Bytes::from_static(b"four")).await.unwrap();
    let refused = incoming.write(Bytes::from_static(b"!")).await;
    assert!(matches!(refused, Err(FilesError::TooLarge { limit: 4 })));
    // Whoever goes on all the same does not get a file that was cut off.
    assert!(matches!(
        incoming.finish().await,
        Err(FilesError::TooLarge { limit: 4 })
    ));
    assert_eq!(whole(files, digest_of(b"four")).await, None);
    assert_eq!(whole(files, digest_of(b"four!")).await, None);
}

pub async fn a_file_that_is_not_finished_is_not_there(files: &dyn Files) {
    let mut incoming = files.begin(LIMIT).await.unwrap();
    incoming
        .write(Bytes::from_static(b"never mind"))
        .await
        .unwrap();
    drop(incoming);
    assert_eq!(whole(files, digest_of(b"never mind")).await, None);
}

pub async fn a_removed_file_is_gone(files: &dyn Files) {
    let (digest, _) = put(files, &[b"short-lived"]).await.unwrap();
    files.remove(digest).await.unwrap();
    files.remove(digest).await.unwrap();
    assert_eq!(whole(files, digest).await, None);
    assert_eq!(files.size(digest).await.unwrap(), None);
    put(files, &[b"short-lived"]).await.unwrap();
    assert!(whole(files, digest).await.is_some());
}

pub async fn files_may_come_in_at_once(files: &dyn Files) {
    let mut first = files.begin(LIMIT).await.unwrap();
    let mut second = files.begin(LIMIT).await.unwrap();
    first.write(Bytes::from_static(b"one")).await.unwrap();
    second.write(Bytes::from_static(b"two")).await.unwrap();
    let (second, _) = second.finish().await.unwrap();
    let (first, _) = first.finish().await.unwrap();
    assert_eq!(whole(files, first).await.unwrap(), "one");
    assert_eq!(whole(files, second).await.unwrap(), "two");
}
