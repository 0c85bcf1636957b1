//! Reactions to messages.

use mongodb::bson::{Bson, Uuid, doc};
use protocol::wire::Reaction;
use serde::{Deserialize, Serialize};

use super::id;

/// One person's one emoji under one message. Taken back, it stays as such, like a member who left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct ReactionDoc {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) id: ReactionId,
    pub(in crate::store::mongo) on: bool,
    /// When it came: first comers are shown first.
    pub(in crate::store::mongo) since: i64,
    pub(in crate::store::mongo) changed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store::mongo) struct ReactionId {
    pub(in crate::store::mongo) room: Uuid,
    pub(in crate::store::mongo) message: Uuid,
    pub(in crate::store::mongo) emoji: String,
    pub(in crate::store::mongo) user: Uuid,
}

impl From<ReactionId> for Bson {
    fn from(of: ReactionId) -> Self {
        doc! { "room": of.room, "message": of.message, "emoji": of.emoji, "user": of.user }.into()
    }
}

/// One message's reactions as they are shown; they come in the order of `since`.
pub(in crate::store::mongo) fn gather<'a>(
    reactions: impl Iterator<Item = &'a ReactionDoc>,
) -> Vec<Reaction> {
    let mut gathered = Vec::<Reaction>::new();
    for ReactionDoc { id: of, .. } in reactions {
        match gathered.iter_mut().find(|it| it.emoji == of.emoji) {
            Some(reaction) => reaction.users.push(id(of.user)),
            None => gathered.push(Reaction {
                emoji: of.emoji.clone(),
                users: vec![id(of.user)],
            }),
        }
    }
    gathered
}
