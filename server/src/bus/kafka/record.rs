//! How an event lies in Kafka: the room as key, its JSON as value, the node that sent it in a
//! header. A record without an event is the word of a node that it could not send everything.

use std::sync::Arc;

use protocol::wire::Event;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};

const NODE: &str = "madang-node";
const WORD: &str = "madang-word";
/// The sender has dropped events: whoever reads this compares heads with the store.
const LOST: &[u8] = b"lost";

/// What a record says.
#[derive(Debug)]
pub(super) enum Record {
    Event(Arc<Event>),
    /// Its sender could not send everything.
    Lost,
    /// Not for us: a newer version's word, or someone else's record.
    Unknown,
}

pub(super) fn event_headers(node: &str) -> OwnedHeaders {
    OwnedHeaders::new().insert(Header {
        key: NODE,
        value: Some(node),
    })
}

pub(super) fn lost_headers(node: &str) -> OwnedHeaders {
    event_headers(node).insert(Header {
        key: WORD,
        value: Some(LOST),
    })
}

pub(super) fn is_from(record: &BorrowedMessage<'_>, node: &str) -> bool {
    header(record, NODE) == Some(node.as_bytes())
}

pub(super) fn read(record: &BorrowedMessage<'_>) -> Record {
    match header(record, WORD) {
        Some(LOST) => return Record::Lost,
        Some(_) => return Record::Unknown,
        None => {}
    }
    match serde_json::from_slice(record.payload().unwrap_or_default()) {
        Ok(event) => Record::Event(Arc::new(event)),
        Err(error) => {
            tracing::warn!(
                %error,
                partition = record.partition(),
                offset = record.offset(),
                "a record in Kafka is no event and is passed over"
            );
            Record::Unknown
        }
    }
}

fn header<'a>(record: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    let headers = record.headers()?;
    headers
        .iter()
        .find(|header| header.key == name)
        .and_then(|header| header.value)
}
