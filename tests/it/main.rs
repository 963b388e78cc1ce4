//! Tests of the program and the crate from outside. One binary, so that the crate is linked once.

// A test that unwraps what is not there fails, as it should.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod browser;
mod cli;
mod daily;
mod data;
mod durability;
mod eval;
mod export;
mod feeds;
mod fetch;
mod hostile;
mod http;
mod http_clients;
mod http_guard;
mod import;
mod index;
mod merging;
mod models;
mod page;
mod program;
mod ranking;
mod removal;
mod server;
mod service;
mod siege;
mod threads;
mod tidy;
mod words;
