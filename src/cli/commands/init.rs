//! `paperkin init`

use crate::cli::args::{GlobalArgs, InitArgs};
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "daily")]
pub(in crate::cli) fn run(common: &GlobalArgs, args: InitArgs) -> Result<CommandOutcome> {
    use std::fs::File;
    use std::io::{ErrorKind, Write};

    use crate::cli::output;
    use crate::daily::DailyConfig;
    use crate::engine::check_profile_name;
    use crate::error::Error;

    let InitArgs { config: path, profile, category, mail } = args;
    let profile = check_profile_name(&profile)?;
    if let Some(address) = mail.iter().find(|address| !address.contains('@')) {
        let reason = format!("`{address}` is not an email address");
        return Err(Error::BadRequest { field: "mail", reason });
    }
    let text = DailyConfig::example(profile, &category, &mail);
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let reason = "already exists: choose another file with --config".to_owned();
            return Err(Error::BadFile { file: path.display().to_string(), reason });
        }
        written => written.map_err(Error::io(&path, "write"))?,
    }
    let edit = if mail.is_empty() { "" } else { ": set the mail server under [mail]" };
    let command = daily_command(common, &path);
    output::print(|out| {
        writeln!(out, "created {}{edit}\n\nTry it: {}", path.display(), command.trim_end_matches(" --quiet"))?;
        writeln!(out, "\nEach morning, with cron (`crontab -e`):\n\n7 6 * * *  {}", command.replace('%', "\\%"))?;
        writeln!(
            out,
            "\nOr with systemd, in ~/.config/systemd/user:\n\n# paperkin.service\n[Service]\nType=oneshot\n\
             ExecStart={}\n\n# paperkin.timer\n[Timer]\nOnCalendar=*-*-* 06:07\nPersistent=true\n\n[Install]\n\
             WantedBy=timers.target\n\nsystemctl --user enable --now paperkin.timer",
            command.replace('%', "%%")
        )
    })?;
    Ok(CommandOutcome::Complete)
}

/// The command line of a daily run from any directory.
#[cfg(feature = "daily")]
fn daily_command(common: &GlobalArgs, config: &std::path::Path) -> String {
    use std::path::{Path, absolute};

    use crate::library::is_server_address;

    let program = std::env::current_exe().unwrap_or_else(|_| "paperkin".into());
    let quoted = |path: &Path| {
        let is_on_server = path.to_str().is_some_and(is_server_address);
        let path = if is_on_server { path.to_owned() } else { absolute(path).unwrap_or_else(|_| path.to_owned()) };
        let path = path.display().to_string();
        if path.contains([' ', '\'', '"']) { format!("\"{}\"", path.replace('"', "\\\"")) } else { path }
    };
    let library = common.library.as_deref().map(|library| format!(" --library {}", quoted(library)));
    format!("{}{} daily --config {} --quiet", quoted(&program), library.unwrap_or_default(), quoted(config))
}

#[cfg(not(feature = "daily"))]
pub(in crate::cli) fn run(_: &GlobalArgs, _: InitArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("daily"))
}
