//! The values of a statement's parameters.

use rusqlite::types::{ToSql, Value};

/// Values, in the order of the parameters.
pub(in crate::library) trait Params {
    /// Hands them over.
    fn with<R>(self, run: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

/// None: what `[]` is taken for.
impl Params for [&(dyn ToSql + Send + Sync); 0] {
    fn with<R>(self, run: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        run(&[])
    }
}

/// As many of one type. One implementation for all lengths would leave it open what `[]` is.
macro_rules! arrays {
    ($($length:literal)*) => {$(
        impl<T: ToSql> Params for [T; $length] {
            fn with<R>(self, run: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                let values: [&dyn ToSql; $length] = std::array::from_fn(|place| &self[place] as &dyn ToSql);
                run(&values)
            }
        }
    )*};
}

arrays!(1 2 3 4);

/// Those of [`rusqlite::params`].
impl Params for &[&dyn ToSql] {
    fn with<R>(self, run: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        run(self)
    }
}

/// Any number.
impl Params for Vec<Value> {
    fn with<R>(self, run: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        let values: Vec<&dyn ToSql> = self.iter().map(|value| value as &dyn ToSql).collect();
        run(&values)
    }
}
