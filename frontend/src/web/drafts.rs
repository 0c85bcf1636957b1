//! What is being written and not sent yet. What `IndexedDB` does not have, or not yet, is held here.

use std::rc::Rc;

use protocol::RoomId;
use protocol::state::Draft;
use wasm_bindgen_futures::spawn_local;

use super::tab::Tab;

impl Tab {
    /// Begins to write at once, so that a page that is being left has still begun. `IndexedDB`
    /// writes in the order in which it was told to.
    pub fn keep_draft(self: &Rc<Self>, room: RoomId, draft: Draft) {
        self.drafts.borrow_mut().insert(room, draft.clone());
        let tab = Rc::clone(self);
        spawn_local(async move {
            let kept = tab.kept.put_draft(room, &draft).await;
            let mut drafts = tab.drafts.borrow_mut();
            if kept.is_ok() && drafts.get(&room) == Some(&draft) {
                drafts.remove(&room);
            }
        });
    }

    pub async fn draft(&self, room: RoomId) -> Option<Draft> {
        let in_hand = self.drafts.borrow().get(&room).cloned();
        let draft = match in_hand {
            Some(draft) => Some(draft),
            None => self.kept.draft(room).await.ok().flatten(),
        };
        draft.filter(|draft| !draft.is_empty())
    }

    /// Closing the page would lose what someone has typed.
    pub fn would_lose_drafts(&self) -> bool {
        let drafts = self.drafts.borrow();
        drafts.values().any(|draft| !draft.is_empty())
    }
}
