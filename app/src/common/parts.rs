//! The parts of a page that change while it is shown, and what is done when something happens to them.
//!
//! Every closure is a type of its own, and for every type that it draws or calls Leptos compiles dozens of functions. Here
//! closures go behind one pointer first, so that all pages share one copy of that machinery: it keeps the page small. The
//! server draws through the same, so that both halves agree.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

/// Something that is drawn anew whenever what it reads has changed: a text, an element, or nothing.
pub fn part<V: IntoView + 'static>(mut draw: impl FnMut() -> V + Send + 'static) -> AnyView {
    let draw: SharedReactiveFunction<AnyView> = Arc::new(Mutex::new(move || draw().into_any()));
    draw.into_any()
}

/// The value of an attribute, by the name of a closure. One that is written in the `view!` itself needs no help.
pub fn value<V: 'static>(of: impl FnMut() -> V + Send + 'static) -> SharedReactiveFunction<V> {
    Arc::new(Mutex::new(of))
}

/// What is there only while a condition holds. It stays as it is as long as the answer does.
#[component(transparent)]
pub fn Shown<W>(when: W, children: ChildrenFn) -> impl IntoView
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    shown(Box::new(when), children)
}

fn shown(when: Box<dyn Fn() -> bool + Send + Sync>, children: ChildrenFn) -> AnyView {
    let when = Memo::new(move |_| when());
    part(move || when.get().then(|| children()))
}

/// A list whose lines stay while their keys do, wherever they move.
#[component(transparent)]
pub fn Lines<IF, T, KF, LF, V>(of: IF, key: KF, line: LF) -> impl IntoView
where
    IF: Fn() -> Vec<T> + Send + 'static,
    T: Send + 'static,
    KF: Fn(&T) -> String + Send + 'static,
    LF: Fn(T) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let line = Arc::new(line);
    lines(Box::new(move || {
        let drawn = of().into_iter().map(|item| {
            let line = Arc::clone(&line);
            Line {
                key: key(&item),
                draw: Box::new(move || line(item).into_any()),
            }
        });
        drawn.collect()
    }))
}

struct Line {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

fn lines(of: Box<dyn Fn() -> Vec<Line> + Send>) -> AnyView {
    view! { <For each=of key=|line| line.key.clone() children=|line: Line| (line.draw)()/> }
        .into_any()
}

/// What is done when something happens to an element.
pub fn handler<E: 'static>(then: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(then)
}

/// Whether a script brings the page to life: not yet where the server draws it and in the first drawing of the browser, which
/// must equal it. Until then links and forms do what buttons do later.
pub fn alive() -> ReadSignal<bool> {
    let alive = RwSignal::new(false);
    watch(move || alive.set(true));
    alive.read_only()
}

/// What is done in the browser, now and whenever what it reads has changed.
pub fn watch(then: impl FnMut() + 'static) {
    let mut then: Box<dyn FnMut()> = Box::new(then);
    Effect::new(move |_| then());
}
