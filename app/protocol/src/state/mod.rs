//! What a client knows, as pure reducers.
