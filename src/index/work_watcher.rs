//! Who watches work that takes minutes.

/// Hears how far work is, may stop it, and may save its state.
///
/// A function of how many more steps are done watches, and does nothing else.
pub trait WorkWatcher<State>: Sync {
    /// So many more steps are done.
    fn advance(&self, steps: usize);

    /// Whether to stop. The result is of no use then.
    fn is_canceled(&self) -> bool {
        false
    }

    /// Called from time to time. `state` collects what is needed to go on from here, which takes time and memory.
    fn offer_state(&self, _state: &dyn Fn() -> State) {}
}

impl<State, F: Fn(usize) + Sync> WorkWatcher<State> for F {
    fn advance(&self, steps: usize) {
        self(steps);
    }
}
