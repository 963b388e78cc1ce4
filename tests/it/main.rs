//! Tests of the program and the crate from outside. One binary, so that the crate is linked once.

mod bad_input;
mod cli;
mod data;
mod durability;
mod models;
mod program;
mod tidy;
