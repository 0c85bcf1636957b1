//! Reading JSON with little code. serde compiles the reading of a type once for every place it may stand in: text, bytes, a
//! flattened struct, a tagged enum. That was a seventh of the page that has to come over the wire, so that here
//! everything is read from one form, [`Value`], and what says itself what it is, field by field.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::{Error, Map, Result, Value};

/// Reads a whole text.
pub fn read<T: DeserializeOwned>(text: impl AsRef<[u8]>) -> Result<T> {
    let value: Value = serde_json::from_slice(text.as_ref())?;
    T::deserialize(value)
}

/// The fields of an object that have not been read yet.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads an object by `read`, wherever it stands.
    pub fn each<'de, D: Deserializer<'de>, T>(
        deserializer: D,
        read: fn(Self) -> Result<T>,
    ) -> std::result::Result<T, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        read(Self(fields)).map_err(D::Error::custom)
    }

    /// Whether a field is this very word.
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.0.get(name).and_then(Value::as_str) == Some(word)
    }

    /// A field that is missing is read as `null`.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T> {
        match self.0.remove(name) {
            Some(value) => T::deserialize(value).map_err(|error| in_field(name, &error)),
            None => T::deserialize(Value::Null).map_err(|_| Error::missing_field(name)),
        }
    }

    pub fn take_or_default<T: DeserializeOwned + Default>(
        &mut self,
        name: &'static str,
    ) -> Result<T> {
        if self.0.contains_key(name) {
            self.take(name)
        } else {
            Ok(T::default())
        }
    }

    /// All that is left, as one thing.
    pub fn rest<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(Value::Object(self.0))
    }
}

fn in_field(name: &str, error: &Error) -> Error {
    Error::custom(format_args!("`{name}`: {error}"))
}

/// The field `tag` says something that is not known.
pub(crate) fn unknown<T>(tag: &str, said: &str) -> Result<T> {
    Err(Error::custom(format_args!(
        "`{tag}`: \"{said}\" is not known"
    )))
}
