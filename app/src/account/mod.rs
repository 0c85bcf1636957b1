//! Logging in, registering, and the settings of an account.

mod delete;
mod devices;
mod door;
pub mod look;
mod password;
mod profile;
mod settings;

pub use door::{LoginPage, RegisterPage};
pub use settings::SettingsPage;
