//! Tests of the program and the crate from outside. One binary, so that the crate is linked once.

// A test that unwraps what is not there fails, as it should.
#![allow(clippy::unwrap_used)]

mod add_by_id;
mod add_preview;
mod bad_input;
mod citation_links;
mod citation_ranking;
mod cli;
mod daily;
mod durability;
mod encodings;
mod eval;
mod export;
mod feeds;
mod fetch;
mod fetch_links;
mod first_feed;
mod help;
mod hostile_requests;
mod http;
mod http_compat;
mod http_cors;
mod http_description;
mod http_graph;
mod http_guard;
mod http_null;
mod http_search;
mod import;
mod independent_parsers;
mod index;
mod interests;
mod known_items;
mod lexical_search;
mod library_formats;
mod merging;
mod models;
mod page;
mod page_cards;
mod page_feed;
mod page_in_browser;
mod page_looks;
mod page_paper;
mod page_search;
mod paper_views;
mod questions;
mod ranking;
mod real_data;
mod relevance;
mod removal;
mod reported_inputs;
mod safe_imports;
mod shared_library;
mod support;
mod tidy;
mod vote_durability;
