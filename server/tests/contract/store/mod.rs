//! The store's suite, and the little world that its stories happen in.

pub mod changing;
pub mod people;
pub mod posting;
pub mod reading;
pub mod rooms;
pub mod sessions;
pub mod unread;
pub mod upkeep;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::wire::{Event, EventKind, Message, RoomKind};
use protocol::{MessageId, OpId, Rev, RoomId, Timestamp, UserId};
use server::store::*;
use uuid::Uuid;

/// One test for each behaviour, on one adapter.
macro_rules! suite {
    ($name:ident, $world:expr) => {
        mod $name {
            use super::*;
            crate::store::tests! { $world;
                posting: revs_have_no_holes, a_batch_keeps_its_order,
                    a_repeated_post_answers_the_first_event,
                    a_post_repeated_within_a_batch_is_written_once,
                    an_id_names_one_kind_of_operation, an_id_is_used_in_one_room,
                    a_message_id_is_its_authors, posts_at_once_share_no_rev,
                    the_same_post_sent_many_times_at_once_is_one_message,
                    a_stranger_cannot_post, a_refusal_leaves_the_rest_of_the_batch_alone,
                    nothing_is_appended_to_a_room_that_is_not_there,
                    a_reply_names_a_message_of_the_room,
                    a_repeat_is_answered_even_after_leaving;
                changing: only_the_author_edits_and_deletes,
                    an_edit_replaces_the_body_in_the_log_too,
                    a_deletion_leaves_only_a_tombstone, a_deleted_message_stays_as_it_is,
                    an_edit_to_the_same_text_changes_nothing, a_reaction_given_twice_is_given_once,
                    first_comers_are_shown_first, a_message_takes_so_many_different_reactions,
                    reactions_of_strangers_are_refused, a_name_is_changed_once;
                reading: the_log_is_read_page_by_page, the_latest_messages_come_oldest_first,
                    messages_are_paged_backwards, messages_are_paged_forwards,
                    a_window_opens_around_a_place, a_number_beyond_all_revs_is_the_end,
                    a_message_is_found_in_its_room_only, heads_leave_out_what_is_gone,
                    what_happened_between_messages_comes_with_them,
                    pages_leave_nothing_out_and_say_nothing_twice,
                    of_very_many_notes_the_last_come;
                rooms: a_room_begins_with_its_creation, a_room_made_twice_is_one_room,
                    anothers_room_id_is_taken, a_room_knows_who_made_it, a_room_needs_people_who_exist, a_room_can_be_full,
                    those_who_are_in_many_rooms_are_found,
                    an_unused_direct_room_is_with_whoever_opened_it,
                    both_people_may_open_a_direct_room, a_direct_room_keeps_its_two_people,
                    a_newcomer_sees_history_and_has_read_it, only_members_bring_in_members,
                    who_leaves_has_the_room_no_more, members_are_told_in_the_order_they_came,
                    the_list_begins_with_the_latest_activity,
                    a_deleted_room_is_gone_by_every_path, a_room_made_anew_remembers_nothing;
                unread: unread_is_what_was_posted_since, reading_only_moves_forward,
                    a_deletion_does_not_change_unread;
                people: a_name_is_taken_once, an_account_made_twice_is_one_account,
                    people_are_found_by_either_name, an_account_is_changed_in_parts,
                    a_closed_account_has_no_name_and_no_log_in,
                    a_closing_account_can_only_take_away,
                    words_are_taken_back_in_rooms_that_were_left,
                    messages_of_an_author_are_listed_while_they_have_a_body,
                    an_erased_account_is_an_anonymous_author;
                sessions: a_token_is_spent_once, a_parallel_tab_goes_on,
                    a_token_used_long_after_ends_the_session, an_idle_session_ends,
                    a_session_ends_at_its_end, nobody_ends_anothers_session,
                    a_new_password_ends_all_sessions_but_one, a_password_is_changed_only_in_place_of_the_one_that_was_verified, no_session_is_opened_by_a_password_that_was_changed_meanwhile,
                    a_name_is_changed_together_with_a_password_or_not_at_all, devices_are_listed_latest_first,
                    ended_sessions_are_told_from_those_in_force;
                upkeep: a_store_is_ready_until_it_is_closed, what_has_run_out_is_forgotten;
            }
        }
    };
}

macro_rules! tests {
    ($world:expr; $($module:ident: $($test:ident),+;)+) => {
        $(mod $module {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let world = ($world)().await;
                crate::store::$module::$test(&world).await;
            })+
        })+
    };
}

pub(crate) use {suite, tests};

/// A store, and what must live as long as it, such as its directory.
pub type Made = (Arc<dyn Store>, Box<dyn Send>);

/// A store with a clock and a source of ids that begin anew in every test.
pub struct World {
    pub store: Arc<dyn Store>,
    /// Whether each call is made exactly once, so that the first answer is the one that is seen.
    pub exact: bool,
    ids: AtomicU64,
    time: AtomicU64,
    _keep: Box<dyn Send>,
}

impl World {
    pub fn exact(made: Made) -> Self {
        Self::new(made, true)
    }

    pub fn repeating(made: Made) -> Self {
        Self::new(made, false)
    }

    pub fn new((store, keep): Made, exact: bool) -> Self {
        Self {
            store,
            exact,
            ids: AtomicU64::new(1),
            time: AtomicU64::new(0),
            _keep: keep,
        }
    }

    /// A second later than the last time.
    pub fn now(&self) -> Timestamp {
        let seconds = self.time.fetch_add(1, Ordering::Relaxed);
        Timestamp(1_795_000_000_000 + i64::try_from(seconds).unwrap() * 1_000)
    }

    pub fn uuid(&self) -> Uuid {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }

    pub fn op(&self) -> OpId {
        OpId(self.uuid())
    }

    pub async fn person(&self, name: &str) -> UserId {
        let draft = self.user_draft(name);
        let id = draft.id;
        self.store.create_user(draft).await.unwrap().unwrap();
        id
    }

    pub fn user_draft(&self, name: &str) -> UserDraft {
        UserDraft {
            id: UserId(self.uuid()),
            username: name.to_owned(),
            folded: name.to_lowercase(),
            display_name: name.to_owned(),
            folded_display_name: name.to_lowercase(),
            password_hash: format!("hash of {name}"),
            at: self.now(),
        }
    }

    pub fn room_draft(&self, kind: RoomKind, by: UserId, others: &[UserId]) -> RoomDraft {
        let members = [&[by], others].concat();
        RoomDraft {
            id: match (kind, others) {
                (RoomKind::Direct, []) => RoomId::direct(by, by),
                (RoomKind::Direct, [other, ..]) => RoomId::direct(by, *other),
                _ => RoomId(self.uuid()),
            },
            kind,
            name: (kind != RoomKind::Direct).then(|| "Courtyard".to_owned()),
            by,
            op: self.op(),
            at: self.now(),
            members,
        }
    }

    pub async fn group(&self, by: UserId, others: &[UserId]) -> RoomId {
        self.make(self.room_draft(RoomKind::Group, by, others))
            .await
    }

    pub async fn direct(&self, by: UserId, other: UserId) -> RoomId {
        self.make(self.room_draft(RoomKind::Direct, by, &[other]))
            .await
    }

    async fn make(&self, draft: RoomDraft) -> RoomId {
        let id = draft.id;
        self.store.create_room(draft).await.unwrap().unwrap();
        id
    }

    pub fn does(&self, by: UserId, change: Change) -> Append {
        Append {
            by,
            op: self.op(),
            at: self.now(),
            change,
        }
    }

    pub async fn append(&self, room: RoomId, append: Append) -> Result<Appended, Refusal> {
        let mut answers = self.store.append(room, vec![append]).await.unwrap();
        assert_eq!(answers.len(), 1);
        answers.pop().unwrap()
    }

    /// Does it under a new id, and answers the event.
    pub async fn change(&self, room: RoomId, by: UserId, change: Change) -> Event {
        self.event(self.append(room, self.does(by, change)).await)
    }

    pub async fn refused(&self, room: RoomId, by: UserId, change: Change) -> Refusal {
        self.append(room, self.does(by, change)).await.unwrap_err()
    }

    pub async fn post(&self, room: RoomId, by: UserId, body: &str) -> Message {
        posted(&self.change(room, by, post(body)).await)
    }

    /// The event of something that was done. Only where calls are made once can it be told from
    /// a repetition.
    pub fn event(&self, answer: Result<Appended, Refusal>) -> Event {
        match answer {
            Ok(Appended::Written(event)) => event,
            Ok(Appended::Repeated(event)) if !self.exact => event,
            other => panic!("not written: {other:?}"),
        }
    }

    pub async fn log(&self, room: RoomId) -> Vec<Event> {
        self.store.events(room, Rev::ZERO, 10_000).await.unwrap()
    }

    pub async fn message(&self, room: RoomId, message: MessageId) -> Message {
        self.store.message(room, message).await.unwrap().unwrap()
    }

    pub async fn all_messages(&self, room: RoomId) -> Vec<Message> {
        self.store
            .messages(room, Span::Latest, 10_000)
            .await
            .unwrap()
            .items
    }

    pub async fn unread(&self, room: RoomId, user: UserId) -> u64 {
        let mine = self.store.my_room(room, user).await.unwrap().unwrap();
        mine.room.head.posted - mine.read.posted
    }
}

pub fn post(body: &str) -> Change {
    Change::Post {
        body: body.to_owned(),
        reply_to: None,
    }
}

pub fn edit(message: &Message, body: &str) -> Change {
    Change::Edit {
        message: message.id,
        body: body.to_owned(),
    }
}

pub fn delete(message: &Message) -> Change {
    Change::Delete {
        message: message.id,
    }
}

pub fn react(message: &Message, emoji: &str, on: bool) -> Change {
    Change::React {
        message: message.id,
        emoji: emoji.to_owned(),
        on,
    }
}

pub fn posted(event: &Event) -> Message {
    match &event.kind {
        EventKind::Posted { message } => message.clone(),
        other => panic!("not a post: {other:?}"),
    }
}
