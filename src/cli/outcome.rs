//! How a command ended that could do its work.

/// How complete the result of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    /// Everything was processed: exit code 0.
    Complete,
    /// Parts of the input were left out, each with a diagnostic: exit code 1.
    Incomplete,
}

impl CommandOutcome {
    /// Returns `Complete` if this holds.
    pub(crate) fn complete_if(complete: bool) -> CommandOutcome {
        if complete { CommandOutcome::Complete } else { CommandOutcome::Incomplete }
    }

    /// Returns `Complete` if both are.
    pub(crate) fn and(self, other: CommandOutcome) -> CommandOutcome {
        CommandOutcome::complete_if(self == CommandOutcome::Complete && other == CommandOutcome::Complete)
    }
}
