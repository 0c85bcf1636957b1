//! Every kind of broken promise, planted into an otherwise clean history, is caught, and nothing
//! else is.

mod access;
mod order;
mod service;
mod standing;

use super::planted::Story;
use crate::check::history::{Record, What};

/// Two talkers have posted five times each, and both were told everything.
fn told() -> Story {
    let mut story = Story::begin();
    for n in 1..=5 {
        story.post(0, n * 2);
        story.post(1, n * 2 + 1);
    }
    story
}

fn dropped(records: Vec<Record>, gone: impl Fn(&What) -> bool) -> Vec<Record> {
    records
        .into_iter()
        .filter(|record| !gone(&record.what))
        .collect()
}
