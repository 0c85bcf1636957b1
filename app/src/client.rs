//! What the pages show: the pure reducers of `protocol::state`, held in signals. The browser's
//! half writes them, components read them.

use std::collections::HashMap;

use leptos::prelude::*;
use protocol::state::{Outbox, RoomList};
use protocol::wire::{Boot, Language, Problem, Theme, User};
use protocol::{OpId, RoomId, Timestamp, UserId};

mod open;

pub use open::{OpenRoom, RoomState, Seat, is_gone};

/// How the socket is.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// Before the first attempt, and on the server: nothing to say.
    Resting,
    Connecting,
    /// Connected, and reading what was missed.
    CatchingUp,
    Up,
    /// The browser says that there is no network.
    Offline,
    /// The session has ended: log in again. Drafts and the outbox are kept.
    SignedOut,
}

#[derive(Clone, Copy)]
pub struct Client {
    pub me: RwSignal<Option<User>>,
    pub language: RwSignal<Language>,
    pub theme: RwSignal<Theme>,
    /// Minutes east of UTC.
    pub utc_offset: RwSignal<i32>,
    /// Moves once a minute: what "today" means.
    pub now: RwSignal<Timestamp>,
    pub link: RwSignal<Link>,
    pub rooms: RwSignal<RoomList>,
    /// Everyone whose name is known.
    pub people: RwSignal<HashMap<UserId, User>>,
    /// `None` or missing: not known.
    pub online: RwSignal<HashMap<UserId, bool>>,
    /// The room on the screen.
    pub open: RwSignal<Option<RoomId>>,
    /// The rooms that were opened since the page was loaded.
    pub opened: RwSignal<HashMap<RoomId, ArcRwSignal<OpenRoom>>>,
    pub outbox: RwSignal<Outbox>,
    /// What was refused elsewhere than at a message: shown as a notice that can be closed.
    pub notices: RwSignal<Vec<Problem>>,
    /// From the address or the form that was sent.
    pub problem: RwSignal<Option<Problem>>,
    pub typed_name: RwSignal<Option<String>>,
    pub typed_body: RwSignal<Option<String>>,
    pub typed_id: Option<OpId>,
    /// For the form of this page; what a script sends has ids of its own.
    pub form_id: Option<OpId>,
    /// Why what waits in the outbox is not taken at the moment.
    pub held_up: RwSignal<Option<Problem>>,
}

impl Client {
    /// Starts from what the server drew.
    pub fn from_boot(boot: Boot) -> Self {
        let mut opened = HashMap::new();
        let open = boot.room.as_ref().map(|window| window.room);
        let rooms = RoomList::new(boot.rooms);
        if let Some(window) = boot.room {
            let read = rooms.get(window.room).map_or(window.head, |room| room.read);
            let mut room = OpenRoom::new(window.room, read);
            room.timeline
                .load(window.messages, window.head, window.more, window.newer);
            room.timeline.learn(window.notes);
            room.members = window.members.iter().map(Seat::from).collect();
            room.state = RoomState::Ready;
            opened.insert(window.room, ArcRwSignal::new(room));
        }
        let mut people: HashMap<_, _> =
            boot.users.into_iter().map(|user| (user.id, user)).collect();
        if let Some(me) = &boot.me {
            people.insert(me.id, me.clone());
        }
        Self {
            me: RwSignal::new(boot.me),
            language: RwSignal::new(boot.language),
            theme: RwSignal::new(boot.theme),
            utc_offset: RwSignal::new(boot.utc_offset),
            now: RwSignal::new(boot.now),
            link: RwSignal::new(Link::Resting),
            rooms: RwSignal::new(rooms),
            people: RwSignal::new(people),
            online: RwSignal::new(boot.online.into_iter().map(|user| (user, true)).collect()),
            open: RwSignal::new(open),
            opened: RwSignal::new(opened),
            outbox: RwSignal::new(Outbox::default()),
            notices: RwSignal::new(Vec::new()),
            problem: RwSignal::new(boot.problem),
            typed_name: RwSignal::new(boot.typed_name),
            typed_body: RwSignal::new(boot.typed_body),
            typed_id: boot.typed_id,
            form_id: boot.form_id,
            held_up: RwSignal::new(None),
        }
    }

    /// Says what was refused, where no better place is left to say it.
    pub fn tell(&self, problem: Problem) {
        self.notices.update(|notices| {
            // The same word twice is said once.
            notices.retain(|notice| notice.code != problem.code || notice.detail != problem.detail);
            notices.push(problem);
        });
    }
}
