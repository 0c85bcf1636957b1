//! Madang's server. `web` and `stomp` ask `chat`; `chat` and `live` ask the ports (`store`,
//! `bus`, `presence`, `files`); the adapters behind them are chosen once, at start.
#![recursion_limit = "256"]

pub mod adapters;
pub mod bus;
pub mod chat;
pub mod cluster;
pub mod config;
pub mod doctor;
pub mod files;
pub mod live;
pub mod presence;
pub mod quota;
pub mod secret;
pub mod server;
mod serving;
pub mod stomp;
pub mod store;
pub mod web;
pub mod workers;
