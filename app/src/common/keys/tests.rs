//! The six orders in which browsers report one Enter, replayed against a box that behaves as
//! browsers do: the input method writes the syllable when the composition ends.

use super::*;

enum Step {
    Start,
    Update(&'static str),
    /// keydown of Enter: is it composing, which key code, which key.
    Enter(bool, u32, &'static str),
    End,
    /// What was put off runs now.
    Macrotask,
}

use Step::{End, Macrotask, Start, Update};

#[derive(Default)]
struct Page {
    composition: Composition,
    committed: String,
    preedit: String,
    put_off: usize,
    sent: Vec<String>,
    broken_lines: usize,
}

impl Page {
    fn send(&mut self) {
        let text = std::mem::take(&mut self.committed);
        if !text.is_empty() {
            self.sent.push(text);
        }
    }

    fn step(&mut self, step: &Step, enter: Enter) {
        match step {
            Start => self.composition.started(),
            Update(text) => {
                self.preedit = (*text).to_owned();
                self.composition.updated(text);
            }
            Step::Enter(composing, key_code, key) => {
                let press = Press {
                    key,
                    code: "Enter",
                    composing: *composing,
                    key_code: *key_code,
                    ..Press::default()
                };
                match self.composition.pressed(press, enter) {
                    Decision::Send => self.send(),
                    Decision::SendSoon => self.put_off += 1,
                    Decision::NewLine => self.broken_lines += 1,
                    _ => {}
                }
            }
            End => {
                let text = std::mem::take(&mut self.preedit);
                self.committed.push_str(&text);
                if self.composition.ended(&text) {
                    self.put_off += 1;
                }
            }
            Macrotask => {
                for _ in 0..std::mem::take(&mut self.put_off) {
                    self.send();
                }
            }
        }
    }
}

fn replay(typed: &str, steps: &[Step], enter: Enter) -> Page {
    let mut page = Page {
        committed: typed.to_owned(),
        ..Page::default()
    };
    for step in steps {
        page.step(step, enter);
    }
    page
}

fn orders() -> Vec<(&'static str, Vec<Step>)> {
    let enter = Step::Enter;
    vec![
        (
            "any browser",
            vec![
                Start,
                Update("ㅎ"),
                Update("하"),
                enter(true, 229, "Enter"),
                End,
                Macrotask,
            ],
        ),
        (
            "Chrome on macOS: a second keydown after the commit",
            vec![
                Start,
                Update("하"),
                enter(true, 229, "Enter"),
                Update("하"),
                End,
                enter(false, 13, "Enter"),
                Macrotask,
            ],
        ),
        (
            "Chrome on macOS: the second keydown after what was put off",
            vec![
                Start,
                Update("하"),
                enter(true, 229, "Enter"),
                End,
                Macrotask,
                enter(false, 13, "Enter"),
            ],
        ),
        (
            "Electron on macOS: a plain keydown before the commit",
            vec![
                Start,
                Update("하"),
                enter(false, 13, "Enter"),
                End,
                Macrotask,
            ],
        ),
        (
            "Safari: the commit first, then keydown 229",
            vec![
                Start,
                Update("하"),
                End,
                enter(false, 229, "Enter"),
                Macrotask,
            ],
        ),
        (
            "Windows: the key is called Process",
            vec![
                Start,
                Update("하"),
                enter(true, 229, "Process"),
                End,
                Macrotask,
            ],
        ),
    ]
}

#[test]
fn one_enter_sends_the_whole_text_once_in_every_order() {
    for (name, steps) in orders() {
        let page = replay("안녕", &steps, Enter::Sends);
        assert_eq!(page.sent, ["안녕하"], "{name}");
        assert_eq!(page.broken_lines, 0, "{name}");
    }
}

#[test]
fn on_touch_keyboards_no_order_sends() {
    for (name, steps) in orders() {
        let page = replay("안녕", &steps, Enter::BreaksLine);
        assert!(page.sent.is_empty(), "{name}");
    }
}

#[test]
fn android_reports_no_key_and_nothing_happens() {
    let press = Press {
        key: "Unidentified",
        key_code: 229,
        ..Press::default()
    };
    assert_eq!(
        Composition::default().pressed(press, Enter::BreaksLine),
        Decision::Owned
    );
}

#[test]
fn enter_that_picks_a_japanese_candidate_does_not_send() {
    let steps = [
        Start,
        Update("にほん"),
        Step::Enter(true, 229, "Enter"),
        End,
        Macrotask,
    ];
    assert!(replay("", &steps, Enter::Sends).sent.is_empty());
}

#[test]
fn enter_that_picks_a_hanja_does_not_send() {
    let mut composition = Composition::default();
    composition.started();
    composition.updated("한");
    let hanja = Press {
        key: "HanjaMode",
        key_code: 229,
        composing: true,
        ..Press::default()
    };
    assert_eq!(composition.pressed(hanja, Enter::Sends), Decision::Owned);
    let enter = Press {
        key: "Enter",
        key_code: 229,
        composing: true,
        ..Press::default()
    };
    assert_eq!(composition.pressed(enter, Enter::Sends), Decision::Owned);
    assert!(!composition.ended("韓"));
}

#[test]
fn shift_enter_breaks_the_line() {
    let press = Press {
        key: "Enter",
        key_code: 13,
        shift: true,
        ..Press::default()
    };
    assert_eq!(
        Composition::default().pressed(press, Enter::Sends),
        Decision::NewLine
    );
}

#[test]
fn a_held_enter_sends_nothing_more_and_breaks_no_line() {
    let press = Press {
        key: "Enter",
        key_code: 13,
        repeat: true,
        ..Press::default()
    };
    assert_eq!(
        Composition::default().pressed(press, Enter::Sends),
        Decision::Swallow
    );
}

#[test]
fn arrows_and_escape_belong_to_the_input_method_while_it_composes() {
    let mut composition = Composition::default();
    composition.started();
    for key in ["ArrowUp", "Escape", "Tab", "1"] {
        let press = Press {
            key,
            ..Press::default()
        };
        assert_eq!(
            composition.pressed(press, Enter::Sends),
            Decision::Owned,
            "{key}"
        );
    }
}

#[test]
fn after_the_commit_a_plain_enter_sends() {
    let steps = [Start, Update("하"), End, Step::Enter(false, 13, "Enter")];
    assert_eq!(replay("안녕", &steps, Enter::Sends).sent, ["안녕하"]);
}

#[test]
fn on_touch_keyboards_control_enter_sends() {
    let press = Press {
        key: "Enter",
        key_code: 13,
        ctrl: true,
        ..Press::default()
    };
    assert_eq!(
        Composition::default().pressed(press, Enter::BreaksLine),
        Decision::Send
    );
}

#[test]
fn a_key_that_is_told_of_after_the_commit_is_still_the_input_methods() {
    assert!(is_owned(true, 27), "while it composes");
    assert!(is_owned(false, 229), "Safari, after it composed");
    assert!(!is_owned(false, 27));
}
