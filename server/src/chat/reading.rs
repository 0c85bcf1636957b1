//! Being in a room without saying anything: reading, writing to be, coming in.

use protocol::wire::{COUNTED_READERS, Entered, Signal};
use protocol::{Rev, RoomRef};

use super::rooms::Reach;
use super::{Chat, Principal, Refused};
use crate::presence::Notice;
use crate::store::{Marked, ReadMark, Refusal};

impl Chat {
    pub async fn mark_read(
        &self,
        who: Principal,
        room: RoomRef,
        rev: Rev,
    ) -> Result<ReadMark, Refused> {
        self.standing(who).await?;
        self.limits.reads.take(who.user, self.now())?;
        let room = room.id();
        let marked = self.parts.store.mark_read(room, who.user, rev).await??;
        let Marked { mark, members } = marked;
        // Further than asked for: it stood there before, and everyone has heard of it.
        if mark.rev <= rev {
            if members <= COUNTED_READERS as u64 {
                let signal = Signal::Read {
                    user: who.user,
                    rev: mark.rev,
                };
                self.parts.presence.announce(Notice::Room { room, signal });
            }
            self.side_changed(who.user, room);
        }
        Ok(mark)
    }

    /// Says to the room that this person writes, or stopped.
    pub async fn typing(&self, who: Principal, room: RoomRef, on: bool) -> Result<(), Refused> {
        self.standing(who).await?;
        self.limits.typing.take(who.user, self.now())?;
        let room = self.may_read(who, room).await?;
        let signal = Signal::Typing { user: who.user, on };
        self.parts.presence.announce(Notice::Room { room, signal });
        Ok(())
    }

    pub async fn enter(&self, who: Principal, room: RoomRef) -> Result<Entered, Refused> {
        let room = match self.reach(who, room).await? {
            Reach::Here(room) => room,
            Reach::NotYet { room, .. } => {
                return Ok(Entered {
                    room_id: room,
                    read: Rev::ZERO,
                    head: Rev::ZERO,
                    unread: 0,
                });
            }
        };
        let mine = self.parts.store.my_room(room, who.user).await?;
        let mine = mine.ok_or_else(|| Refused::from(Refusal::NotMember))?;
        Ok(Entered {
            room_id: room,
            read: mine.read.rev,
            head: mine.room.head.rev,
            unread: mine.room.head.posted.saturating_sub(mine.read.posted),
        })
    }
}
