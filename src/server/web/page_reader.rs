//! Who reads the page: the profile, the theme and the density of lists, from cookies.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::engine::{Engine, check_profile_name};
use crate::library::Profile;
use crate::server::access::{AccessGrant, Scope};
use crate::server::problem::{Problem, ProblemCode};

/// The cookie with the id of the library and the name of the profile, with a colon between them. Servers on other ports
/// of the same host send and receive the same cookies.
const PROFILE_COOKIE: &str = "profile";
/// The cookie with the theme: `light`, `dark`, or nothing for the theme of the system.
const THEME_COOKIE: &str = "theme";
/// The cookie with the density of lists: `compact`, or nothing for the full one.
const DENSITY_COOKIE: &str = "density";
/// The density that folds abstracts.
const COMPACT: &str = "compact";
/// The profile that the first vote creates.
const DEFAULT_PROFILE: &str = "me";

/// The reader of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageReader {
    chosen: Option<ChosenProfile>,
    theme: Option<&'static str>,
    is_compact: bool,
    /// The URL of the open page; empty for the answer to a form.
    url: String,
    /// What the reader's token permits.
    grant: AccessGrant,
}

/// The profile that a reader has chosen, of which library.
#[derive(Debug, Clone)]
struct ChosenProfile {
    library: String,
    name: String,
}

impl<S: Sync> FromRequestParts<S> for PageReader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PageReader, Infallible> {
        let reader = PageReader::from_request(&parts.method, &parts.uri, &parts.headers);
        let grant = AccessGrant::from_request_parts(parts, state).await?;
        Ok(PageReader { grant, ..reader })
    }
}

impl PageReader {
    pub(crate) fn from_request(method: &Method, uri: &Uri, headers: &HeaderMap) -> PageReader {
        let cookies = CookieJar::from_headers(headers);
        let value = |name| cookies.get(name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty());
        let url = if method.is_safe() { uri.to_string() } else { String::new() };
        let theme = value(THEME_COOKIE).and_then(|theme| known_theme(&theme));
        let is_compact = value(DENSITY_COOKIE).as_deref() == Some(COMPACT);
        let chosen = value(PROFILE_COOKIE).as_deref().map(ChosenProfile::parse);
        PageReader { chosen, theme, is_compact, url, grant: AccessGrant::default() }
    }

    /// `light`, `dark` or `system`.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.unwrap_or("system")
    }

    /// `full` or `compact`.
    pub(super) fn density(&self) -> &'static str {
        if self.is_compact { COMPACT } else { "full" }
    }

    /// The URL of the open page; empty for the answer to a form.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether the reader may change profiles.
    pub(super) fn may_write(&self) -> bool {
        self.grant.permits(Scope::Write)
    }

    /// The name of the reader's profile: the one that the token is for, the one that was chosen, the only one of the
    /// library, or else the one that the first vote creates.
    ///
    /// # Errors
    /// The problem `profile_required`, so that nothing is ever recorded for another profile: when the chosen one is of
    /// another library or gone, and when nothing was chosen and there are several.
    pub(super) fn profile_name(&self, engine: &Engine) -> Result<String, Problem> {
        if let Some(own) = self.grant.only_profile() {
            return Ok(own.to_owned());
        }
        let mut names = engine.profile_names()?;
        let Some(ChosenProfile { library, name }) = &self.chosen else {
            return match names.len() {
                0 | 1 => Ok(names.pop().unwrap_or_else(|| DEFAULT_PROFILE.to_owned())),
                _ => Err(profile_required("this library has several profiles".to_owned())),
            };
        };
        if engine.library().known_library_id()?.unwrap_or_default() != *library {
            return Err(profile_required(
                "the profile that this browser remembers belongs to another library".to_owned(),
            ));
        }
        match names.contains(name) {
            true => Ok(name.clone()),
            false => Err(profile_required(format!("the profile `{name}` no longer exists"))),
        }
    }

    /// Whether the reader has chosen none of several profiles: papers can be searched and read, but not voted on.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub(super) fn is_undecided(&self, engine: &Engine) -> Result<bool, Problem> {
        Ok(self.grant.only_profile().is_none() && self.chosen.is_none() && engine.profile_names()?.len() > 1)
    }

    /// As [`PageReader::profile_name`], for a form: `shown` is the profile of the page that it is on.
    ///
    /// # Errors
    /// As there; also when another profile was chosen since the page was opened.
    pub(super) fn profile_name_of_form(&self, engine: &Engine, shown: Option<&str>) -> Result<String, Problem> {
        let name = self.profile_name(engine)?;
        match shown.filter(|shown| *shown != name) {
            None => Ok(name),
            Some(shown) => {
                Err(profile_required(format!("the page was opened for the profile `{shown}`, and now it is `{name}`")))
            }
        }
    }

    /// The reader's profile; `None` before the first vote.
    ///
    /// # Errors
    /// As [`PageReader::profile_name`].
    pub(super) fn profile(&self, engine: &Engine) -> Result<Option<Profile>, Problem> {
        let name = self.profile_name(engine)?;
        match engine.profile_names()?.contains(&name) {
            true => Ok(Some(engine.profile(&name)?)),
            false => Ok(None),
        }
    }

    /// As [`PageReader::profile`]; also `None` for a reader who is undecided.
    ///
    /// # Errors
    /// As [`PageReader::profile_name`].
    pub(super) fn profile_if_decided(&self, engine: &Engine) -> Result<Option<Profile>, Problem> {
        if self.is_undecided(engine)? { Ok(None) } else { self.profile(engine) }
    }

    /// The same reader with another profile, and the cookie that remembers it.
    ///
    /// # Errors
    /// The problem `profile_not_found`; `forbidden` for a profile that the token is not for.
    pub(super) fn choose(self, engine: &Engine, name: &str) -> Result<(PageReader, Cookie<'static>), Problem> {
        let name = check_profile_name(name)?;
        self.grant.check_profile(name)?;
        let name = engine.profile(name)?.name;
        let library = engine.library().known_library_id()?.unwrap_or_default();
        let cookie = permanent_cookie(PROFILE_COOKIE, format!("{library}:{name}"));
        Ok((PageReader { chosen: Some(ChosenProfile { library, name }), ..self }, cookie))
    }
}

impl ChosenProfile {
    /// Reads the value of the cookie. A name alone is of an unknown library.
    fn parse(value: &str) -> ChosenProfile {
        let (library, name) = value.split_once(':').unwrap_or(("", value));
        ChosenProfile { library: library.to_owned(), name: name.to_owned() }
    }
}

fn profile_required(reason: String) -> Problem {
    Problem::new(ProblemCode::ProfileRequired, format!("{reason}: choose a profile on the page `/profiles`"))
}

fn known_theme(name: &str) -> Option<&'static str> {
    ["light", "dark"].into_iter().find(|known| *known == name)
}

/// A cookie that selects a theme.
pub(super) fn theme_cookie(name: &str) -> Cookie<'static> {
    permanent_cookie(THEME_COOKIE, known_theme(name).unwrap_or_default().to_owned())
}

/// A cookie that selects a density.
pub(super) fn density_cookie(name: &str) -> Cookie<'static> {
    permanent_cookie(DENSITY_COOKIE, if name == COMPACT { COMPACT.to_owned() } else { String::new() })
}

fn permanent_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").same_site(SameSite::Strict).http_only(true).permanent().build()
}
