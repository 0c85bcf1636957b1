//! The session: renewed when the access cookie has ended, by one tab for all of them.

use std::cell::Cell;

use futures::future::{Either, select};
use futures::lock::Mutex;
use gloo_net::http::Request;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::clock;
use crate::link;

/// When a tab of this browser last renewed it, for the others.
const RENEWED: &str = "madang-renewed";
/// How long another tab may take for its turn.
const PATIENCE: u64 = 5_000;

#[derive(Default)]
pub struct Session {
    one_at_a_time: Mutex<()>,
    renewed: Cell<u64>,
}

impl Session {
    /// The server did not know us at `asked`. A refresh token is good once: tabs take turns, and
    /// what one has renewed the next does not renew again.
    pub async fn renew(&self, asked: u64) -> link::Session {
        let _turn = self.one_at_a_time.lock().await;
        let lock = TabsLock::acquire("madang-session").await;
        let renewed = self.renewed.get().max(renewed_elsewhere());
        let outcome = if renewed >= asked {
            link::Session::Good
        } else {
            refresh().await
        };
        if outcome == link::Session::Good && renewed < asked {
            self.renewed.set(clock::now());
            if let Some(storage) = storage() {
                let _ = storage.set_item(RENEWED, &clock::now().to_string());
            }
        }
        if let Some(lock) = lock {
            lock.release();
        }
        outcome
    }
}

async fn refresh() -> link::Session {
    let request = Request::post("/api/auth/refresh")
        .header("content-type", "application/json")
        .body("{}");
    let Ok(request) = request else {
        return link::Session::Unknown;
    };
    match request.send().await.map(|answer| answer.status()) {
        Ok(200..=299) => link::Session::Good,
        // 400: there was no refresh cookie at all.
        Ok(400 | 401 | 403) => link::Session::Ended,
        _ => link::Session::Unknown,
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn renewed_elsewhere() -> u64 {
    let said = storage().and_then(|storage| storage.get_item(RENEWED).ok()?);
    let at = said.and_then(|at| at.parse().ok()).unwrap_or(0);
    // A clock that was set back must not make an old renewal look fresh for hours.
    if at > clock::now() { 0 } else { at }
}

/// `navigator.locks`, through reflection: its binding is not stable, and a page that is not
/// served over https does not have it at all. Without it, the server's grace for parallel tabs
/// has to do.
struct TabsLock {
    release: Function,
}

impl TabsLock {
    async fn acquire(name: &str) -> Option<Self> {
        let navigator = web_sys::window()?.navigator();
        let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
        let request: Function = Reflect::get(&locks, &"request".into())
            .ok()?
            .dyn_into()
            .ok()?;
        // The lock is held until the promise that its callback returns is settled.
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let mut granted_now = None;
        let granted = Promise::new(&mut |resolve, _| granted_now = Some(resolve));
        let granted_now = granted_now?;
        let callback = Closure::once_into_js(move |_: JsValue| {
            let _ = granted_now.call0(&JsValue::UNDEFINED);
            held
        });
        let refused = request.call2(&locks, &name.into(), &callback).ok()?;
        let lock = Self { release: release? };
        let granted = Promise::race(&js_sys::Array::of2(&granted, &refused));
        match select(JsFuture::from(granted), clock::sleep(PATIENCE)).await {
            Either::Left((Ok(_), _)) => Some(lock),
            // The tab that holds it may be frozen. If it is granted after all, it is free again
            // at once.
            Either::Left((Err(_), _)) | Either::Right(_) => {
                lock.release();
                None
            }
        }
    }

    fn release(self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}
