//! One file per command, each with a `run` function. `query` and `reindex` are shared by several commands.

pub(super) mod add;
pub(super) mod backup;
pub(super) mod compact;
pub(super) mod completions;
pub(super) mod daily;
pub(super) mod doctor;
pub(super) mod embed;
pub(super) mod eval;
pub(super) mod export;
pub(super) mod feed;
pub(super) mod fetch;
pub(super) mod index;
pub(super) mod init;
pub(super) mod list;
pub(super) mod mcp;
pub(super) mod migrate;
pub(super) mod model;
pub(super) mod neighbors;
pub(super) mod profile;
pub(super) mod profiles;
pub(super) mod rank;
pub(super) mod recommend;
pub(super) mod reembed;
pub(super) mod remove;
pub(super) mod report;
pub(super) mod restore;
pub(super) mod search;
pub(super) mod serve;
pub(super) mod show;
pub(super) mod similar;
pub(super) mod split;
pub(super) mod status;
pub(super) mod token;

mod feature;
mod query;
mod reindex;
