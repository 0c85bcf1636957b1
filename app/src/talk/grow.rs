//! A text area as high as its text. Newer browsers do it by `field-sizing` alone; for the others
//! the height is set through the style object, which the content policy allows.

use web_sys::HtmlTextAreaElement;

pub fn fit(field: &HtmlTextAreaElement) {
    if web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false) {
        return;
    }
    let style = web_sys::HtmlElement::style(field);
    // Setting a known property to a valid value does not fail.
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
}
