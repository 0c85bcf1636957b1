//! The HTML document around the pages.

use std::sync::Arc;

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use protocol::wire::{Boot, Theme};

use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::i18n::Texts;
use crate::{App, Assets};

/// The grounds of the two themes, for the frame that the system draws around the page.
const LIGHT: &str = "#f8f5ef";
const DARK: &str = "#12161d";

/// The whole document. Reads `Arc<Boot>`, and the nonce where there is one, from context.
#[expect(
    clippy::disallowed_methods,
    reason = "what a script holds is escaped for scripts, by `for_script`, and not as text"
)]
pub fn shell(assets: Assets) -> impl IntoView {
    let boot = use_context::<Arc<Boot>>().unwrap_or_default();
    let texts = Texts::of(boot.language);
    let (language, theme) = (boot.language, boot.theme);
    let json = serde_json::to_string(&*boot)
        .map(|json| for_script(&json))
        .unwrap_or_default();
    let start = start_script(&assets);
    provide_context(Client::from_boot(Boot::clone(&boot)));
    provide_context(BrowserHandle::none());
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() data-theme=theme.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <title>{texts.brand}</title>
                <meta name="description" content=texts.tagline/>
                <meta name="color-scheme" content=color_scheme(theme)/>
                {theme_colors(theme)}
                <link rel="stylesheet" href=assets.style/>
                <link rel="icon" href=assets.icon type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <link rel="modulepreload" href=assets.script/>
                <link rel="preload" href=assets.wasm r#as="fetch" type="application/wasm" crossorigin="anonymous"/>
                <script type="application/json" id="boot" inner_html=json></script>
                <script type="module" nonce=use_nonce() inner_html=start></script>
                // Only under `cargo leptos watch` are there options to reload by.
                {use_context::<LeptosOptions>().map(|options| view! { <AutoReload options/> })}
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

fn color_scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn theme_colors(theme: Theme) -> impl IntoView {
    let one = |color, media| view! { <meta name="theme-color" {..leptos::attr::media(media)} content=color/> };
    match theme {
        Theme::System => vec![
            one(LIGHT, Some("(prefers-color-scheme: light)")),
            one(DARK, Some("(prefers-color-scheme: dark)")),
        ],
        Theme::Light => vec![one(LIGHT, None)],
        Theme::Dark => vec![one(DARK, None)],
    }
}

/// JSON that can stand inside a script element: no text in it can end the element or begin
/// another, and the two separators that scripts take for line ends are spelt out.
fn for_script(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

fn start_script(assets: &Assets) -> String {
    let quoted = |text: &str| for_script(&serde_json::Value::from(text).to_string());
    format!(
        "import init from {};init({{module_or_path:{}}});",
        quoted(&assets.script),
        quoted(&assets.wasm)
    )
}

#[cfg(test)]
mod tests;
