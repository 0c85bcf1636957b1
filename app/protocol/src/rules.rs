//! What people may type.
