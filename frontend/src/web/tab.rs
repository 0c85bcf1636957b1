//! One tab of one signed-in person: everything that its parts share, and where they meet. What
//! people see is in [`Client`]'s signals; here is only what it takes to keep those true.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use app::client::{Client, Link as Shown};
use futures::channel::mpsc::UnboundedSender;
use leptos::prelude::*;
use protocol::state::Draft;
use protocol::wire::Problem;
use protocol::{OpId, RoomId, UserId};
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::kept::Kept;
use super::line::{Line, Mail};
use super::rest::Rest;
use super::tabs::Tabs;
use crate::errands::Errands;
use crate::frames;
use crate::link::{self, Input, Standing};
use crate::pace::Backoff;
use crate::reading::ReadMarks;
use crate::typing::TypingPace;
use crate::watching::Watching;

pub struct Tab {
    pub me: UserId,
    pub client: Client,
    pub line: Line,
    pub rest: Rc<Rest>,
    pub kept: Kept,
    /// The other tabs of this person.
    pub tabs: Tabs,
    pub errands: RefCell<Errands>,
    pub watching: RefCell<Watching>,
    pub on_screen: Cell<Option<RoomId>>,
    pub subscribed: RefCell<Subscribed>,
    pub marks: RefCell<ReadMarks>,
    pub typing: RefCell<TypingPace>,
    /// The latest of each draft that `IndexedDB` does not have yet, or would not take.
    pub drafts: RefCell<HashMap<RoomId, Draft>>,
    pub sending: Sending,
    /// Whose names were asked for and not found: not asked for again.
    pub unknown: RefCell<HashSet<UserId>>,
    /// Logging out: that the session ends is no news.
    leaving: Cell<bool>,
}

/// What this connection is subscribed to.
#[derive(Default)]
pub struct Subscribed {
    /// And whether the server has said yes.
    pub rooms: HashMap<RoomId, bool>,
    pub signals: Option<RoomId>,
}

/// How the outbox is doing.
#[derive(Default)]
pub struct Sending {
    pub backoff: RefCell<Backoff>,
    /// Nothing is sent before: the server asked for a pause.
    pub paused_until: Cell<u64>,
    /// Confirmed by receipt; shown as pending until the event itself is here.
    pub awaiting_echo: RefCell<HashSet<OpId>>,
}

impl Tab {
    pub fn new(me: UserId, client: Client, mailbox: UnboundedSender<Mail>) -> Rc<Self> {
        Rc::new_cyclic(|tab| Self {
            me,
            client,
            line: Line::new(mailbox.clone()),
            rest: Rest::new(client, mailbox),
            kept: Kept::of(me),
            tabs: Tabs::of(me, tab.clone()),
            errands: RefCell::default(),
            watching: RefCell::default(),
            on_screen: Cell::new(None),
            subscribed: RefCell::default(),
            marks: RefCell::default(),
            typing: RefCell::default(),
            drafts: RefCell::default(),
            sending: Sending::default(),
            unknown: RefCell::default(),
            leaving: Cell::new(false),
        })
    }

    /// A server that does not say whom it took us for is believed.
    pub fn is_me(&self, user: Option<UserId>) -> bool {
        user.is_none_or(|user| user == self.me)
    }

    pub fn show(&self, standing: Standing) {
        let shown = match standing {
            Standing::Connecting => Shown::Connecting,
            Standing::CatchingUp => Shown::CatchingUp,
            Standing::Up => Shown::Up,
            Standing::Offline => Shown::Offline,
            Standing::SignedOut => Shown::SignedOut,
        };
        self.client.link.set(shown);
    }

    /// Logged in: subscribe to everything; what was missed is read once the answers are here.
    pub fn connected(self: &Rc<Self>) {
        // First the queue of refusals, so that whatever is refused is heard of.
        self.line.say(frames::subscribe_errors());
        self.line.say(frames::subscribe_side(self.me));
        let watched: Vec<RoomId> = self.watching.borrow().iter().collect();
        for room in watched {
            self.subscribe(room);
        }
        self.flush_marks();
        self.say_typing();
    }

    pub fn disconnected(&self) {
        *self.subscribed.borrow_mut() = Subscribed::default();
        self.marks.borrow_mut().lost(clock::now());
        self.client.outbox.update(|outbox| outbox.disconnected());
    }

    /// What the room list says after a pause, and what other tabs left behind.
    pub async fn catch_up(self: Rc<Self>) {
        let connection = self.line.connection();
        let mut backoff = Backoff::default();
        let known: Vec<RoomId> = self
            .client
            .rooms
            .with_untracked(|rooms| rooms.iter().map(|room| room.id).collect());
        self.share_outbox().await;
        let page = loop {
            match self.rest.rooms().await {
                Ok(page) => break page,
                Err(_) => clock::sleep(500 + backoff.next(clock::random())).await,
            }
            if self.line.connection() != connection {
                return;
            }
        };
        self.meet(page.users);
        let here: HashSet<RoomId> = page.items.iter().map(|room| room.id).collect();
        self.client.rooms.update(|rooms| {
            for room in page.items {
                rooms.put(room);
            }
        });
        // Those that came while the list was on its way are not in `known`.
        for room in known.into_iter().filter(|room| !here.contains(room)) {
            self.room_is_gone(room);
        }
        if let Some(room) = self.on_screen.get() {
            self.load_if_needed(room);
        }
        if self.line.connection() == connection {
            self.line.tell(Input::CaughtUp);
        }
    }

    /// Whether the session lives, and is still this person's.
    pub fn check_session(self: &Rc<Self>) {
        if self.leaving.get() {
            return;
        }
        let tab = Rc::clone(self);
        spawn_local(async move {
            let session = match tab.rest.me().await {
                Ok(details) if details.user.id != tab.me => return tab.reload(),
                Ok(_) => link::Session::Good,
                Err(problem) if problem.code == protocol::wire::code::UNAUTHENTICATED => {
                    link::Session::Ended
                }
                Err(_) => link::Session::Unknown,
            };
            tab.line.tell(Input::Session(session));
        });
    }

    /// Someone else has logged in on this browser: this page is not theirs to see.
    pub fn reload(&self) {
        if let Some(window) = web_sys::window() {
            let _ = window.location().reload();
        }
    }

    /// Only a session that has ended takes with it what this browser keeps: a log-out that did
    /// not reach the server leaves everything as it was.
    pub async fn log_out(self: &Rc<Self>) -> Result<(), Problem> {
        self.leaving.set(true);
        match self.rest.log_out().await {
            Ok(()) => self.forget().await,
            Err(problem) => {
                self.leaving.set(false);
                // The link may have asked meanwhile, and waits for an answer.
                self.check_session();
                return Err(problem);
            }
        }
        Ok(())
    }

    /// Forgets everything kept in this browser.
    pub async fn forget(&self) {
        self.drafts.borrow_mut().clear();
        self.client.outbox.set(protocol::state::Outbox::default());
        // Where nothing can be kept there is nothing to forget; the console has heard of it.
        let _ = self.kept.clear().await;
        self.tabs.say(&crate::sharing::Word::Forgotten);
    }
}
