//! What is told to those who were away.

use super::shaky::wire;
use super::*;

/// What reaches a reader of the room who was away while so many long messages came.
async fn replayed(messages: usize) -> Vec<Utf8Bytes> {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    for _ in 0..messages {
        let body = "x".repeat(512 << 10);
        house
            .change(Change::Post {
                body,
                reply_to: None,
            })
            .await;
    }
    let connection = node.connect(house.who());
    let watch = after(&node.hub, &house, &connection, Rev(1)).await;
    let watching = node.hub.watch(watch);
    let mut frames = Vec::new();
    tokio::pin!(watching);
    loop {
        tokio::select! {
            watching = &mut watching => {
                assert_eq!(watching.unwrap(), Watching::Live);
                break;
            }
            // Slower than the store.
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => {
                connection.outbound.take(1, &mut frames);
            }
        }
    }
    while !connection.outbound.is_empty() {
        connection.outbound.take(32, &mut frames);
    }
    assert_eq!(connection.outbound.ended(), None);
    frames
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for_while_history_is_told() {
    let frames = replayed(14).await;
    assert_eq!(
        frames.iter().map(rev).collect::<Vec<_>>(),
        (2..=15).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_missed_too_many_bytes_is_told_once_to_start_afresh() {
    let frames = replayed(40).await;
    let resets = frames.iter().filter(|frame| frame.contains(r#""reset""#));
    assert_eq!((resets.count(), frames.len()), (1, 16));
    assert!(frames[15].contains(r#""reset""#));
}
