//! The built site as the build script put it into the binary; empty when none was built.

/// One file of the site.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// The path in the address, with a leading slash.
    pub path: &'static str,
    /// The same content is always at this path, and other content never.
    pub immutable: bool,
    /// The beginning of the content's SHA-256, in hex.
    pub hash: &'static str,
    pub plain: &'static [u8],
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

/// What the document needs, by the paths under which it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Entries {
    pub script: &'static str,
    pub wasm: &'static str,
    pub style: &'static str,
    pub icon: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/site.rs"));
