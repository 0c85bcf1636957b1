//! The browser's clock, its chance, and waiting.

use gloo_timers::future::TimeoutFuture;
use protocol::Timestamp;

/// Milliseconds since 1970. The wall clock, because the others stand still while a laptop sleeps.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970 fit for the next hundred thousand years"
)]
pub fn now() -> u64 {
    js_sys::Date::now().max(0.0) as u64
}

pub fn timestamp() -> Timestamp {
    Timestamp::from_millis(i64::try_from(now()).unwrap_or(i64::MAX))
}

/// From 0 up to, but not including, 1.
pub fn random() -> f64 {
    js_sys::Math::random()
}

/// Not before this: by this clock a timer may come round a moment early.
pub async fn until(due: u64) {
    loop {
        match due.saturating_sub(now()) {
            0 => return,
            left => sleep(left).await,
        }
    }
}

pub fn sleep(millis: u64) -> TimeoutFuture {
    // Browsers take a longer time for none at all.
    TimeoutFuture::new(
        u32::try_from(millis).map_or(i32::MAX.unsigned_abs(), |millis| {
            millis.min(i32::MAX.unsigned_abs())
        }),
    )
}
