//! What is being written in the open room, kept for when one comes back to it: by another room,
//! a reload, or tomorrow.

use std::time::Duration;

use leptos::prelude::*;
use protocol::state::Draft;
use protocol::{MessageId, RoomId};

use crate::browser::{BrowserHandle, Intent};

/// A draft is kept when the writer pauses this long.
const AFTER: Duration = Duration::from_millis(400);

#[derive(Clone, Copy)]
pub struct Drafting {
    room: RoomId,
    browser: BrowserHandle,
    /// As it stands in the boxes.
    now: StoredValue<Draft>,
    /// Until it is kept.
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Drafting {
    pub fn new(room: RoomId, browser: BrowserHandle) -> Self {
        Self {
            room,
            browser,
            now: StoredValue::new(Draft::default()),
            timer: StoredValue::new(None),
        }
    }

    /// What was left here, where nothing else is being written by now.
    pub async fn bring(self) -> Option<Draft> {
        let browser = self.browser.get()?;
        let kept = browser.draft(self.room).await?;
        self.now.try_update_value(|now| {
            now.take_up(kept);
            now.clone()
        })
    }

    pub fn change(self, change: impl FnOnce(&mut Draft)) {
        let changed = self.now.try_update_value(|draft| {
            let before = draft.clone();
            change(draft);
            *draft != before
        });
        if changed == Some(true) {
            self.cancel_timer();
            let timer = set_timeout_with_handle(move || self.keep(), AFTER).ok();
            self.timer.set_value(timer);
        }
    }

    /// Keeps it now, if anything has changed.
    pub fn keep(self) {
        if self.cancel_timer()
            && let Some(draft) = self.now.try_get_value()
        {
            self.browser.ask(Intent::KeepDraft {
                room: self.room,
                draft,
            });
        }
    }

    /// The text in the box of a message that is being edited, if it was left there.
    pub fn edited(self, message: MessageId) -> Option<String> {
        self.now
            .with_value(|draft| draft.editing.clone())
            .filter(|(of, _)| *of == message)
            .map(|(_, text)| text)
    }

    /// Whether there was one.
    fn cancel_timer(self) -> bool {
        let timer = self.timer.try_update_value(Option::take).flatten();
        timer.map(|timer| timer.clear()).is_some()
    }
}
