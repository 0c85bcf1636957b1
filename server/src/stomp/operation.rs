//! What a SEND frame asks the domain to do.

use std::sync::Arc;

use protocol::wire::{
    DeleteMessage, EditMessage, EnterRoom, Entered, MarkRead, NewMessage, PostMessage,
    ReactToMessage, Typing, code,
};
use protocol::{OpId, RoomRef};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use uuid::Uuid;

use super::destination::Target;
use crate::chat::{Chat, Principal, Refused, reads_otherwise};

/// A SEND that was understood.
#[derive(Clone, Debug)]
pub enum Operation {
    Post(RoomRef, NewMessage),
    Edit(EditMessage),
    Delete(DeleteMessage),
    React(ReactToMessage),
    Read(MarkRead),
    Typing(Typing),
    Enter(EnterRoom),
}

/// A refusal, with the operation that it answers where that is known.
#[derive(Debug)]
pub struct Rejected {
    pub refused: Refused,
    pub op: Option<OpId>,
}

/// What is said besides the receipt.
#[derive(Debug)]
pub enum Besides {
    Entered(Entered),
    /// The message with this id has another text, which stands.
    Otherwise(Rejected),
}

impl Operation {
    pub fn parse(destination: &str, body: &[u8]) -> Result<Self, Rejected> {
        let Some(target) = Target::parse(destination) else {
            let refused = Refused::new(
                code::NOT_FOUND,
                format!("Nothing can be sent to `{}`.", shortened(destination)),
            );
            return Err(Rejected {
                refused,
                op: op_of(body),
            });
        };
        match target {
            Target::Message => read(body).and_then(Sent::understood),
            Target::Edit => read(body).map(Self::Edit),
            Target::Delete => read(body).map(Self::Delete),
            Target::React => read(body).map(Self::React),
            Target::Read => read(body).map(Self::Read),
            Target::Typing => read(body).map(Self::Typing),
            Target::Enter => read(body).map(Self::Enter),
        }
    }

    pub fn op(&self) -> Option<OpId> {
        match self {
            Self::Post(_, message) => Some(message.id),
            Self::Edit(edit) => edit.id,
            Self::Delete(delete) => delete.id,
            Self::React(react) => react.id,
            Self::Read(_) | Self::Typing(_) | Self::Enter(_) => None,
        }
    }

    pub async fn run(self, chat: Arc<Chat>, who: Principal) -> Result<Option<Besides>, Rejected> {
        let op = self.op();
        self.perform(&chat, who)
            .await
            .map_err(|refused| Rejected { refused, op })
    }

    async fn perform(self, chat: &Chat, who: Principal) -> Result<Option<Besides>, Refused> {
        match self {
            Self::Post(room, message) => {
                let (op, sent) = (message.id, message.body.clone());
                let appended = chat.post(who, room, message).await?;
                return Ok(reads_otherwise(&appended, &sent).then(|| {
                    Besides::Otherwise(Rejected {
                        refused: Refused::new(
                            code::ID_TAKEN,
                            "A message with this id was stored before, with another text. Send \
                             this one under a new id.",
                        ),
                        op: Some(op),
                    })
                }));
            }
            Self::Edit(edit) => {
                let op = edit.id.unwrap_or_else(new_op);
                chat.edit(who, edit.room_id, op, edit.message_id, edit.body)
                    .await
                    .map(drop)?;
            }
            Self::Delete(delete) => {
                let op = delete.id.unwrap_or_else(new_op);
                chat.delete(who, delete.room_id, op, delete.message_id)
                    .await
                    .map(drop)?;
            }
            Self::React(react) => {
                let op = react.id.unwrap_or_else(new_op);
                chat.react(
                    who,
                    react.room_id,
                    op,
                    react.message_id,
                    react.emoji,
                    react.on,
                )
                .await
                .map(drop)?;
            }
            Self::Read(read) => chat
                .mark_read(who, read.room_id, read.rev)
                .await
                .map(drop)?,
            Self::Typing(typing) => chat.typing(who, typing.room_id, typing.on).await?,
            Self::Enter(enter) => {
                let entered = chat.enter(who, enter.room_id).await?;
                return Ok(Some(Besides::Entered(entered)));
            }
        }
        Ok(None)
    }
}

/// A message, and what is not taken with one yet.
#[derive(Deserialize)]
struct Sent {
    #[serde(flatten)]
    post: PostMessage,
    attachments: Option<Vec<IgnoredAny>>,
}

impl Sent {
    fn understood(self) -> Result<Operation, Rejected> {
        let Self { post, attachments } = self;
        if attachments.is_some_and(|attachments| !attachments.is_empty()) {
            return Err(Rejected {
                refused: Refused::no_attachments(),
                op: post.id,
            });
        }
        let message = NewMessage {
            id: post.id.unwrap_or_else(new_op),
            body: post.body,
            reply_to: post.reply_to,
        };
        Ok(Operation::Post(post.room_id, message))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejected> {
    serde_json::from_slice(body).map_err(|error| Rejected {
        refused: Refused::new(
            code::BAD_REQUEST,
            format!("The body is not understood: {error}."),
        ),
        op: op_of(body),
    })
}

/// The id in a body that is otherwise not understood, so that its sender knows which one it was.
fn op_of(body: &[u8]) -> Option<OpId> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: OpId,
    }
    serde_json::from_slice(body).ok().map(|OnlyId { id }| id)
}

fn new_op() -> OpId {
    OpId(Uuid::now_v7())
}

fn shortened(destination: &str) -> String {
    destination.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "00000000-0000-0000-0000-0000000000aa";

    #[test]
    fn the_older_shape_is_taken_and_its_writer_is_not_believed() {
        let body = format!(r#"{{"roomId":"{ROOM}","message":"hello","writer":"someone"}}"#);
        let operation = Operation::parse("/pub/chat/message", body.as_bytes()).unwrap();
        let Operation::Post(room, message) = operation else {
            panic!("not a post")
        };
        assert_eq!(room, ROOM.parse().unwrap());
        assert_eq!(message.body, "hello");
    }

    #[test]
    fn a_message_with_files_is_refused_and_not_sent_without_them() {
        let send = |attachments: &str| {
            let body = format!(
                r#"{{"id":"{ROOM}","roomId":"{ROOM}","body":"look","attachments":{attachments}}}"#
            );
            Operation::parse("/pub/chat/message", body.as_bytes())
        };
        let rejected = send(r#"[{"id":"a picture"}]"#).unwrap_err();
        assert_eq!(rejected.refused.code, code::BAD_REQUEST);
        assert_eq!(rejected.refused.field, Some("attachments"));
        assert_eq!(rejected.op, Some(ROOM.parse().unwrap()));
        assert!(send("[]").is_ok() && send("null").is_ok());
    }

    #[test]
    fn a_refusal_names_the_operation_even_when_the_rest_is_wrong() {
        let body = format!(r#"{{"id":"{ROOM}","roomId":7}}"#);
        let rejected = Operation::parse("/pub/chat/message", body.as_bytes()).unwrap_err();
        assert_eq!(rejected.refused.code, code::BAD_REQUEST);
        assert_eq!(rejected.op, Some(ROOM.parse().unwrap()));
    }

    #[test]
    fn only_application_destinations_take_messages() {
        let rejected = Operation::parse("/sub/chat/room/x", b"{}").unwrap_err();
        assert_eq!(rejected.refused.code, code::NOT_FOUND);
    }
}
