//! Where I am logged in, and ending what I do not know.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::wire::Device;

use super::profile::{Outcome, OutcomeLine};
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::parts::{Lines, handler, part, watch};
use crate::i18n::use_texts;

#[component]
pub fn Devices() -> impl IntoView {
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let devices = RwSignal::new(Vec::<Device>::new());
    let outcome = RwSignal::new(Outcome::Nothing);
    watch(move || {
        let Some(browser) = browser.get() else {
            return;
        };
        spawn_local(async move {
            match browser.devices().await {
                Ok(found) => _ = devices.try_set(found),
                Err(problem) => _ = outcome.try_set(Outcome::Refused(texts.problem(&problem))),
            }
        });
    });
    view! {
        <section class="card needs-script" aria-labelledby="devices-title">
            <h2 id="devices-title">{texts.settings.devices}</h2>
            <p class="card-lead">{texts.settings.devices_lead}</p>
            <ul class="devices">
                <Lines
                    of=move || devices.get()
                    key=|device| device.id.to_string()
                    line=move |device| view! { <DeviceLine device devices outcome/> }
                />
            </ul>
            <OutcomeLine outcome/>
        </section>
    }
    .into_any()
}

#[component]
fn DeviceLine(
    device: Device,
    devices: RwSignal<Vec<Device>>,
    outcome: RwSignal<Outcome>,
) -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let (id, current, used) = (device.id, device.current, device.used_at);
    let agent =
        name_of_agent(&device.agent).unwrap_or_else(|| texts.settings.unknown_device.to_owned());
    let label = (texts.settings.end_session_of)(&agent);
    let end = move |_| {
        let Some(browser) = browser.get() else {
            return;
        };
        spawn_local(async move {
            if let Err(problem) = browser.end_device(id).await {
                outcome.set(Outcome::Refused(texts.problem(&problem)));
            } else {
                devices.update(|devices| devices.retain(|device| device.id != id));
            }
        });
    };
    view! {
        <li class="device">
            <span class="device-words">
                <span class="device-name" dir="auto">{agent}</span>
                <span class="device-used">
                    {part(move || if current {
                        texts.settings.this_device.to_owned()
                    } else {
                        (texts.settings.last_used)(&client.clock(texts).short(used))
                    })}
                </span>
            </span>
            {(!current).then(|| view! {
                <button type="button" class="button plain small" aria-label=label on:click=handler(end)>
                    {texts.settings.end_session}
                </button>
            }.into_any())}
        </li>
    }
}

/// What people would call a browser, from the long name that it gives itself.
fn name_of_agent(agent: &str) -> Option<String> {
    let browser = [
        ("Edg/", "Edge"),
        ("Whale/", "Whale"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark));
    let system = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark));
    match (browser, system) {
        (Some((_, browser)), Some((_, system))) => Some(format!("{browser}, {system}")),
        (Some((_, name)), None) => Some(name.to_owned()),
        _ => {
            let short: String = agent.trim().chars().take(60).collect();
            (!short.is_empty()).then_some(short)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(name_of_agent(edge).as_deref(), Some("Edge, Windows"));
        assert_eq!(
            name_of_agent("madang-bench/1").as_deref(),
            Some("madang-bench/1")
        );
        assert_eq!(name_of_agent(" "), None);
    }
}
