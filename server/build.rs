//! Carries the built site inside the binary: content-hashed names for what the document loads,
//! compressed forms beside the plain ones. Without a site (`cargo check`, tests) the table is
//! empty, and pages name files that a development server would have.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Smaller than this, compression saves no packet.
const WORTH_COMPRESSING: usize = 1024;

struct Asset {
    path: String,
    immutable: bool,
    hash: String,
    plain: PathBuf,
    brotli: Option<PathBuf>,
    gzip: Option<PathBuf>,
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MADANG_SITE");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut assets = Vec::new();
    if let Some(site) = site()? {
        for file in files_in(&site)? {
            assets.push(asset(&site, &file, &out)?);
        }
    }
    // The server looks them up by binary search.
    assets.sort_by(|a, b| a.path.cmp(&b.path));
    fs::write(out.join("site.rs"), table(&assets)?)?;
    Ok(())
}

/// The site that `MADANG_SITE` names. A release build also takes the usual place; other builds
/// do not, so that tests neither wait for compression nor depend on what was built last.
fn site() -> Result<Option<PathBuf>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("..");
    let named = std::env::var("MADANG_SITE")
        .ok()
        .filter(|site| !site.is_empty());
    let site = match named {
        Some(named) => root.join(named),
        None if std::env::var("PROFILE")? == "release" => {
            let usual = root.join("target/site");
            // Cargo runs this again whenever a watched path is missing, and once it changes:
            // an empty directory waits for the site without making every build a new one.
            fs::create_dir_all(&usual)?;
            usual
        }
        None => return Ok(None),
    };
    println!("cargo::rerun-if-changed={}", site.display());
    Ok(site.is_dir().then_some(site))
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else if !is_by_product(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// What the tools leave beside the files, and is not asked for by name.
fn is_by_product(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    name.starts_with('.')
        || [".br", ".gz", ".d.ts", ".map"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

fn asset(site: &Path, file: &Path, out: &Path) -> Result<Asset> {
    let content = fs::read(file)?;
    let digest = Sha256::digest(&content);
    let hash: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let relative = file
        .strip_prefix(site)?
        .to_string_lossy()
        .replace('\\', "/");
    let ending = file
        .extension()
        .map(|ending| ending.to_string_lossy())
        .unwrap_or_default();
    let (path, immutable) = match relative.strip_prefix("pkg/") {
        Some(name) if name.starts_with("madang") && !name.contains('/') => {
            (format!("/assets/madang.{hash}.{ending}"), true)
        }
        // Modules that the script imports by a relative path.
        Some(name) => (format!("/assets/{name}"), false),
        None => (format!("/{relative}"), false),
    };
    let text = matches!(
        &*ending,
        "js" | "mjs" | "wasm" | "css" | "svg" | "json" | "webmanifest" | "txt" | "ico"
    );
    let (mut brotli, mut gzip) = (None, None);
    if text && content.len() >= WORTH_COMPRESSING {
        brotli = Some(compressed(file, "br", &content, &hash, out, to_brotli)?);
        gzip = Some(compressed(file, "gz", &content, &hash, out, to_gzip)?);
    }
    Ok(Asset {
        path,
        immutable,
        hash,
        plain: file.canonicalize()?,
        brotli,
        gzip,
    })
}

/// Made once for a content: a build after a change elsewhere in the site finds it again.
fn compressed(
    file: &Path,
    ending: &str,
    content: &[u8],
    hash: &str,
    out: &Path,
    compress: fn(&[u8]) -> Result<Vec<u8>>,
) -> Result<PathBuf> {
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let made = out.join(format!("{name}.{hash}.{ending}"));
    if !made.exists() {
        // Under another name first: a build that is interrupted must not leave half a file.
        let half = out.join("half-made");
        fs::write(&half, compress(content)?)?;
        fs::rename(half, &made)?;
    }
    Ok(made)
}

fn to_brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut packed, &parameters)?;
    Ok(packed)
}

fn to_gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn table(assets: &[Asset]) -> Result<String> {
    let mut code = String::from("pub static FILES: &[File] = &[\n");
    for asset in assets {
        let bytes = |path: &Option<PathBuf>| match path {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        writeln!(
            code,
            "    File {{ path: {:?}, immutable: {}, hash: {:?}, plain: include_bytes!({:?}), brotli: {}, gzip: {} }},",
            asset.path,
            asset.immutable,
            asset.hash,
            asset.plain,
            bytes(&asset.brotli),
            bytes(&asset.gzip),
        )?;
    }
    code.push_str("];\n");
    let hashed = |ending: &str| {
        assets
            .iter()
            .find(|asset| asset.immutable && asset.path.ends_with(ending))
    };
    let icon = ["/favicon.svg", "/icon.svg", "/favicon.ico"]
        .into_iter()
        .find(|icon| assets.iter().any(|asset| asset.path == *icon))
        .unwrap_or("/favicon.ico");
    match (hashed(".js"), hashed(".wasm"), hashed(".css")) {
        (Some(script), Some(wasm), Some(style)) => writeln!(
            code,
            "pub const ENTRIES: Option<Entries> = Some(Entries {{ script: {:?}, wasm: {:?}, style: {:?}, icon: {icon:?} }});",
            script.path, wasm.path, style.path,
        )?,
        _ => code.push_str("pub const ENTRIES: Option<Entries> = None;\n"),
    }
    Ok(code)
}
