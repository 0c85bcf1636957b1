//! The two forms that strangers fill in. They are plain forms, so that they work without a
//! script; with the answer the whole page comes anew.

use leptos::prelude::*;
use protocol::wire::Problem;

use super::look::LookForm;
use crate::address::Address;
use crate::client::Client;
use crate::common::icon::Mark;
use crate::common::refusal::Refusal;
use crate::i18n::use_texts;

#[component]
pub fn LoginPage() -> impl IntoView {
    let words = &use_texts().account;
    let client = expect_context::<Client>();
    let address = expect_context::<Address>();
    // Shown above, and again where this is refused.
    let unsent = client.typed_body.get_untracked();
    view! {
        <Door title=words.log_in>
            <form class="door-form" method="post" action=address.leading_on("/login")>
                <Refusal/>
                {unsent.map(|body| view! { <input type="hidden" name="body" value=body/> }.into_any())}
                <UsernameField hint=None/>
                <label class="field">
                    <span>{words.password}</span>
                    <input type="password" name="password" autocomplete="current-password" required maxlength="1024"/>
                </label>
                <button type="submit" class="button large">{words.log_in}</button>
            </form>
            <p class="door-other">
                {words.no_account} " " <a href=address.leading_on("/register") rel="external">{words.register}</a>
            </p>
        </Door>
    }
    .into_any()
}

#[component]
pub fn RegisterPage() -> impl IntoView {
    let words = &use_texts().account;
    let address = expect_context::<Address>();
    view! {
        <Door title=words.register>
            <form class="door-form" method="post" action=address.leading_on("/register")>
                <Refusal/>
                <UsernameField hint=Some(words.username_hint)/>
                <label class="field">
                    <span>{words.display_name}</span>
                    <input
                        type="text"
                        name="displayName"
                        autocomplete="name"
                        maxlength="80"
                        aria-describedby="display-name-hint"
                    />
                </label>
                <p class="field-hint" id="display-name-hint">{words.display_name_hint}</p>
                <label class="field">
                    <span>{words.password}</span>
                    <input
                        type="password"
                        name="password"
                        autocomplete="new-password"
                        required
                        minlength="8"
                        maxlength="1024"
                        aria-describedby="password-hint"
                    />
                </label>
                <p class="field-hint" id="password-hint">{words.password_hint}</p>
                <button type="submit" class="button large">{words.register}</button>
            </form>
            <p class="door-other">
                {words.have_account} " " <a href=address.leading_on("/login") rel="external">{words.log_in}</a>
            </p>
        </Door>
    }
    .into_any()
}

#[component]
fn Door(title: &'static str, children: Children) -> impl IntoView {
    let texts = use_texts();
    let client = expect_context::<Client>();
    let member = client.me.with_untracked(Option::is_some);
    view! {
        <div class="door">
            <main class="door-main" id="main">
                <a class="brand" href="/" rel="external"><Mark/><span>{texts.brand}</span></a>
                <div class="door-card">
                    <h1>{title}</h1>
                    {member.then(|| view! {
                        <p class="door-note">
                            {texts.account.already_in} " "
                            <a href="/" rel="external">{texts.account.go_to_chat}</a>
                        </p>
                    }.into_any())}
                    {children()}
                </div>
            </main>
            <footer class="door-foot"><LookForm/></footer>
        </div>
    }
    .into_any()
}

#[component]
fn UsernameField(hint: Option<&'static str>) -> impl IntoView {
    let client = expect_context::<Client>();
    let words = &use_texts().account;
    let typed = client.typed_name.get_untracked();
    let wrong = client
        .problem
        .with_untracked(|problem| is_about(problem.as_ref(), "username"));
    view! {
        <label class="field">
            <span>{words.username}</span>
            <input
                type="text"
                name="username"
                autocomplete="username"
                autocapitalize="none"
                spellcheck="false"
                required
                maxlength="64"
                value=typed
                aria-invalid=wrong.then_some("true")
                aria-describedby=hint.map(|_| "username-hint")
            />
        </label>
        {hint.map(|hint| view! { <p class="field-hint" id="username-hint">{hint}</p> }.into_any())}
    }
}

fn is_about(problem: Option<&Problem>, field: &str) -> bool {
    problem.is_some_and(|problem| problem.field.as_deref() == Some(field))
}
