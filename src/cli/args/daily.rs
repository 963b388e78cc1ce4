//! Arguments of `daily` and `init`.

use std::path::PathBuf;

use clap::Args;

/// Fetch new papers and deliver each profile's feed, as configured
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "daily"), allow(dead_code, reason = "only the daily run reads it"))]
#[command(after_help = "\
Examples:
  paperkin init                        write a commented config file
  paperkin daily
  paperkin daily --config me.toml --quiet

Cron:
  7 6 * * *  paperkin daily --config /home/me/paperkin.toml --quiet

Each paper is delivered exactly once, no matter how often the command runs. If a
source or a profile fails, the others are still processed and the exit code is 1.
The next run delivers what could not be sent. A profile that does not exist is an
error before anything is fetched.")]
pub(crate) struct DailyArgs {
    /// Config file
    #[arg(long, value_name = "FILE", default_value = "paperkin.toml")]
    pub config: PathBuf,
    /// Print only errors and warnings
    #[arg(long)]
    pub quiet: bool,
}

/// Write a commented config file for `daily`
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "daily"), allow(dead_code, reason = "only the daily run reads it"))]
#[command(after_help = "\
Examples:
  paperkin init
  paperkin init --profile ada --category cs.CL --category cs.LG --mail ada@example.org

Prints the lines for cron and for a systemd timer, which run `daily` each morning.")]
pub(crate) struct InitArgs {
    /// File to create; an existing file is not overwritten
    #[arg(long, value_name = "FILE", default_value = "paperkin.toml")]
    pub config: PathBuf,
    /// Profile to deliver to
    #[arg(long, value_name = "NAME", default_value = "me")]
    pub profile: String,
    /// arXiv category to fetch; repeat for more
    #[arg(long, value_name = "CATEGORY")]
    pub category: Vec<String>,
    /// Recipient of the digest by mail; repeat for more
    #[arg(long, value_name = "ADDRESS")]
    pub mail: Vec<String>,
}
