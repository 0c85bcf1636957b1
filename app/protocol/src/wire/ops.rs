//! What clients ask for, over STOMP (`/pub/chat/…`) and REST.

use serde::{Deserialize, Serialize};

use crate::{MessageId, OpId, Rev, RoomId, RoomRef};

/// The word `reset`, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetTag {
    #[serde(rename = "reset")]
    Reset,
}

/// `POST /api/rooms/{room}/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    pub id: OpId,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
}

/// `SEND /pub/chat/message`, in the shape of today (`id`, `roomId`, `body`) or in the older one
/// (`roomId`, `message`, and a `writer` that is not believed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    pub room_id: RoomRef,
    #[serde(alias = "message")]
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
}

/// `SEND /pub/chat/edit`. `id` is the id of this operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    pub room_id: RoomRef,
    pub message_id: MessageId,
    pub body: String,
}

/// `SEND /pub/chat/delete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    pub room_id: RoomRef,
    pub message_id: MessageId,
}

/// `SEND /pub/chat/react`. `on: false` takes the reaction back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactToMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    pub room_id: RoomRef,
    pub message_id: MessageId,
    pub emoji: String,
    #[serde(default = "yes")]
    pub on: bool,
}

fn yes() -> bool {
    true
}

/// `SEND /pub/chat/read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkRead {
    pub room_id: RoomRef,
    pub rev: Rev,
}

/// `SEND /pub/chat/typing`. `on: false` says that the writer stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    pub room_id: RoomRef,
    #[serde(default = "yes")]
    pub on: bool,
}

/// `SEND /pub/chat/enter`, answered on `/user/queue/enter` by [`Entered`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnterRoom {
    pub room_id: RoomRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entered {
    pub room_id: RoomId,
    pub read: Rev,
    pub head: Rev,
    pub unread: u64,
}

/// `PATCH /api/rooms/{room}/messages/{message}`. `id` is the id of this operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    pub body: String,
}

/// `PUT /api/rooms/{room}/read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadTo {
    pub rev: Rev,
}
