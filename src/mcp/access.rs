//! What a client may do.

/// Profiles that a client may read, and with [`McpAccess::may_rate`] rate papers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileAccess {
    /// No profile: searches alone.
    None,
    /// The profile of this name.
    Only(String),
    /// Every profile.
    All,
}

/// What a client may do; everybody may search and read papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpAccess {
    /// The profiles that it may read.
    pub profiles: ProfileAccess,
    /// Whether it may rate papers for these profiles.
    pub may_rate: bool,
}

impl McpAccess {
    /// Reads everything, writes nothing.
    pub const READ_ONLY: McpAccess = McpAccess { profiles: ProfileAccess::All, may_rate: false };

    /// Refuses a profile that the client may not read.
    pub(super) fn check_profile(&self, name: &str) -> Result<(), String> {
        match &self.profiles {
            ProfileAccess::All => Ok(()),
            ProfileAccess::Only(own) if own == name.trim() => Ok(()),
            ProfileAccess::Only(own) => Err(format!("the token is for the profile `{own}`")),
            ProfileAccess::None => Err("profiles need a token".to_owned()),
        }
    }
}
