//! What stands in the composers. Written as it is typed, at most one write at a time, and always
//! the latest text.

use std::rc::Rc;

use protocol::RoomId;
use wasm_bindgen_futures::spawn_local;

use super::tab::Tab;

impl Tab {
    pub fn keep_draft(self: &Rc<Self>, room: RoomId, text: String) {
        let is_being_written = self.drafts.borrow_mut().insert(room, text).is_some();
        if is_being_written {
            return;
        }
        let tab = Rc::clone(self);
        spawn_local(async move {
            loop {
                let Some(text) = tab.drafts.borrow().get(&room).cloned() else {
                    return;
                };
                // A draft that cannot be kept is still in the composer.
                let _ = tab.kept.put_draft(room, &text).await;
                let mut drafts = tab.drafts.borrow_mut();
                if drafts.get(&room) == Some(&text) {
                    drafts.remove(&room);
                    return;
                }
            }
        });
    }

    pub async fn draft(&self, room: RoomId) -> Option<String> {
        let on_its_way = self.drafts.borrow().get(&room).cloned();
        let text = match on_its_way {
            Some(text) => Some(text),
            None => self.kept.draft(room).await.ok().flatten(),
        };
        text.filter(|text| !text.is_empty())
    }
}
