//! The icons: one family, 20 px, drawn with one stroke.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Add,
    Back,
    Check,
    Close,
    Clock,
    Delete,
    Down,
    Edit,
    Gear,
    People,
    Reply,
    Search,
    Send,
    Smile,
    Up,
    Warning,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Add => "M10 4v12M4 10h12",
            Self::Back => "M12.5 4 6.5 10l6 6",
            Self::Check => "m4 10.5 4 4 8-9",
            Self::Close => "m5 5 10 10M15 5 5 15",
            Self::Clock => "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3v4.2l2.6 1.6",
            Self::Delete => "M4 6h12M8 6V4h4v2m-6.5 0 .7 10h7.6l.7-10M8.5 9v4.5m3-4.5v4.5",
            Self::Down => "M10 4v11.5M5 11l5 5 5-5",
            Self::Edit => "m4 16 .8-3.4L13 4.4l2.6 2.6-8.2 8.2L4 16Zm7.4-10 2.6 2.6",
            Self::Gear => {
                "M10 7.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM10 2.8v2M10 15.2v2M2.8 10h2M15.2 10h2M4.9 4.9l1.4 1.4M13.7 13.7l1.4 1.4M15.1 4.9l-1.4 1.4M6.3 13.7l-1.4 1.4"
            }
            Self::People => {
                "M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2.5 16c0-2.6 2.2-4.2 5-4.2s5 1.6 5 4.2M13 4.2a2.8 2.8 0 0 1 0 5.2M14.8 12.2c1.7.6 2.7 1.9 2.7 3.8"
            }
            Self::Reply => "M8 5 3.5 9.5 8 14M4 9.5h7.5c3 0 5 1.8 5 5.5",
            Self::Search => "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm4 9.5 3.8 3.8",
            Self::Send => "M10 16.5V4M4.8 9.2 10 4l5.2 5.2",
            Self::Smile => {
                "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM7.6 8.2v.2M12.4 8.2v.2M6.8 11.6c.8 1.3 1.9 1.9 3.2 1.9s2.4-.6 3.2-1.9"
            }
            Self::Up => "M10 16V4.500M5 9l5-5 5 5",
            Self::Warning => "M10 3.5 17.5 16.500H2.500L10 3.500ZM10 8.500v3.500M10 14.200v.1",
        }
    }
}

/// Beside a label or a name of its control: it says nothing by itself.
#[component]
pub fn Glyph(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
}

/// The mark of Madang: a courtyard seen from above, with the tree in it.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="mark-walls" d="M6 27V10.500Q6 6 10.500 6H21.500Q26 6 26 10.500V21.500Q26 26 21.500 26H13"></path>
            <circle class="mark-tree" cx="16" cy="16" r="4.200"></circle>
        </svg>
    }
}
