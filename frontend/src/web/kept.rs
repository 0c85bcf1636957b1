//! What survives a reload: the outbox and the drafts, in `IndexedDB`. One database a person, so that
//! who logs in next on this browser neither sees nor sends what someone else has written.

use std::cell::RefCell;

use js_sys::{Array, Promise};
use protocol::state::{Draft, Pending};
use protocol::{OpId, RoomId, UserId};
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction, IdbTransactionMode};

const VERSION: u32 = 1;
const OUTBOX: &str = "outbox";
const DRAFTS: &str = "drafts";

/// Storage that is full, forbidden or broken. What exactly is for the console.
#[derive(Debug)]
pub struct NotKept(JsValue);

impl From<JsValue> for NotKept {
    fn from(error: JsValue) -> Self {
        web_sys::console::warn_2(&"IndexedDB refused".into(), &error);
        Self(error)
    }
}

impl std::fmt::Display for NotKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error: &js_sys::Object = self.0.unchecked_ref();
        f.write_str(&String::from(error.to_string()))
    }
}

pub struct Kept {
    name: String,
    open: RefCell<Option<IdbDatabase>>,
}

impl Kept {
    pub fn of(user: UserId) -> Self {
        Self {
            name: format!("madang-{user}"),
            open: RefCell::new(None),
        }
    }

    /// What was kept when it came, in the same step: what any tab says later finds it there.
    pub async fn put_pending(&self, pending: &Pending) -> Result<Vec<Pending>, NotKept> {
        let json = json(pending)?;
        let (transaction, store) = self.store(OUTBOX, IdbTransactionMode::Readwrite).await?;
        let before = store.get_all()?;
        store.put_with_key(&json, &pending.op.to_string().into())?;
        done(&transaction).await?;
        Ok(read_all(&before.result()?))
    }

    pub async fn drop_pending(&self, op: OpId) -> Result<(), NotKept> {
        self.delete(OUTBOX, &op.to_string()).await
    }

    /// In the order in which it was said: the ids are made in order.
    pub async fn all_pending(&self) -> Result<Vec<Pending>, NotKept> {
        let (_, store) = self.store(OUTBOX, IdbTransactionMode::Readonly).await?;
        Ok(read_all(&answer(&store.get_all()?).await?))
    }

    pub async fn put_draft(&self, room: RoomId, draft: &Draft) -> Result<(), NotKept> {
        if draft.is_empty() {
            self.delete(DRAFTS, &room.to_string()).await
        } else {
            let json = json(draft)?;
            let (transaction, store) = self.store(DRAFTS, IdbTransactionMode::Readwrite).await?;
            store.put_with_key(&json, &room.to_string().into())?;
            done(&transaction).await
        }
    }

    pub async fn draft(&self, room: RoomId) -> Result<Option<Draft>, NotKept> {
        let (_, store) = self.store(DRAFTS, IdbTransactionMode::Readonly).await?;
        let found = answer(&store.get(&room.to_string().into())?).await?;
        Ok(found.as_string().map(Draft::read))
    }

    /// Empties it. The database itself stays: another tab may have it open, and its removal
    /// would wait for that tab.
    pub async fn clear(&self) -> Result<(), NotKept> {
        for name in [OUTBOX, DRAFTS] {
            let (transaction, store) = self.store(name, IdbTransactionMode::Readwrite).await?;
            store.clear()?;
            done(&transaction).await?;
        }
        Ok(())
    }

    async fn delete(&self, store: &str, key: &str) -> Result<(), NotKept> {
        let (transaction, store) = self.store(store, IdbTransactionMode::Readwrite).await?;
        store.delete(&key.into())?;
        done(&transaction).await
    }

    async fn store(
        &self,
        name: &str,
        mode: IdbTransactionMode,
    ) -> Result<(IdbTransaction, IdbObjectStore), NotKept> {
        let database = self.database().await?;
        let transaction = match database.transaction_with_str_and_mode(name, mode) {
            Ok(transaction) => transaction,
            Err(_) => {
                // Browsers close databases of pages that slept for long; once more, freshly.
                self.open.take();
                let database = self.database().await?;
                database.transaction_with_str_and_mode(name, mode)?
            }
        };
        let store = transaction.object_store(name)?;
        Ok((transaction, store))
    }

    async fn database(&self) -> Result<IdbDatabase, NotKept> {
        if let Some(database) = &*self.open.borrow() {
            return Ok(database.clone());
        }
        let factory = web_sys::window()
            .ok_or_else(|| JsValue::from_str("no window"))?
            .indexed_db()?
            .ok_or_else(|| JsValue::from_str("this browser has no IndexedDB"))?;
        let request = factory.open_with_u32(&self.name, VERSION)?;
        let opened = request.clone();
        let upgrade = Closure::once(move |_: JsValue| {
            if let Ok(database) = opened.result() {
                let database: IdbDatabase = database.unchecked_into();
                for store in [OUTBOX, DRAFTS] {
                    // A failure shows when the store is first used, where it can be told.
                    let _ = database.create_object_store(store);
                }
            }
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let database: IdbDatabase = answer(&request).await?.unchecked_into();
        *self.open.borrow_mut() = Some(database.clone());
        Ok(database)
    }
}

fn json(value: &impl Serialize) -> Result<JsValue, NotKept> {
    let json = serde_json::to_string(value).map_err(|error| error.to_string());
    Ok(json.map_err(|error| JsValue::from_str(&error))?.into())
}

fn read_all(found: &JsValue) -> Vec<Pending> {
    Array::from(found)
        .iter()
        .filter_map(|json| protocol::json::read(json.as_string()?).ok())
        .collect()
}

async fn answer(request: &IdbRequest) -> Result<JsValue, NotKept> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(settled).await {
        Ok(_) => Ok(request.result()?),
        Err(event) => Err(request
            .error()
            .ok()
            .flatten()
            .map_or(event, JsValue::from)
            .into()),
    }
}

/// Waits until what was written is on its way to the disk: a closed tab does not lose it.
async fn done(transaction: &IdbTransaction) -> Result<(), NotKept> {
    let settled = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
        transaction.set_onerror(Some(&reject));
    });
    // Otherwise the browser waits until its requests are answered, which a page that is going away
    // does not live to see. A browser that does not know this waits.
    #[expect(
        deprecated,
        reason = "web-sys goes by an old list; the standard has it, and no other way"
    )]
    let _ = transaction.commit();
    match JsFuture::from(settled).await {
        Ok(_) => Ok(()),
        Err(event) => Err(transaction.error().map_or(event, JsValue::from).into()),
    }
}
