//! The public interface, as a text that is checked in: so that a change of the code or of a document shows what it does
//! to those who use the crate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and so may what it calls")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::PublicApi;
use serde_json::Value;

/// Writes the text anew when this is set, as the contributors' guide says.
const UPDATE: &str = "UPDATE_PUBLIC_API";

/// With this set, as continuous integration does, a comparison that cannot be made is a failure.
const REQUIRE: &str = "CI";

/// The format of rustdoc's JSON that the pinned `public-api` reads.
const FORMAT: u64 = 57;

/// The compiler that writes it. (Another with the same format may order or spell some of it otherwise.)
const COMPILER: &str = "1.95";

#[test]
fn the_text_is_the_public_interface() {
    let Some(interface) = interface() else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/public-api.txt");
    let text = format!("{}\n", interface.trim_end());
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&file, &text).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "docs/public-api.txt is not current; if the change is meant, run this test once with {UPDATE}=1 set, and say in \
         the change log what it means to users:\n{}",
        difference(&there, &text)
    );
    no_type_is_without_a_name(&text);
}

/// Types of a response that no room exports by name would be shown by their way through a private module.
fn no_type_is_without_a_name(text: &str) {
    let hidden: Vec<_> =
        text.lines().filter(|line| line.contains("generated::") || line.contains(" types::")).collect();
    assert!(hidden.is_empty(), "types that cannot be named: {hidden:#?}");
    // Every schema that a response is made of is a type of a room, under the same name.
    let types: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_once("pub struct ").or(line.split_once("pub enum ")).map(|(_, rest)| rest))
        .filter_map(|rest| rest.split(['<', '(', ' ']).next()?.rsplit("::").next())
        .collect();
    let schema = &deprovision::schema()["receipt"];
    for name in schema["$defs"].as_object().unwrap().keys() {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        assert!(types.contains(name), "{name} is part of a receipt and cannot be named");
    }
}

/// The public interface as text; `None`, and said so, where this compiler cannot give it.
fn interface() -> Option<String> {
    let json = match rustdoc_json() {
        Ok(json) => json,
        Err(why) => return skipped(&why),
    };
    let found: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    if found["format_version"] != FORMAT {
        let why = format!("this compiler's rustdoc writes format {}, not {FORMAT}", found["format_version"]);
        return skipped(&why);
    }
    let builder = public_api::Builder::from_rustdoc_json(json);
    let interface: PublicApi = builder.omit_blanket_impls(true).omit_auto_trait_impls(true).build().unwrap();
    Some(without_methods_of_traits(&interface.to_string()))
}

/// That a type has a trait says what methods it has: they are left out.
fn without_methods_of_traits(text: &str) -> String {
    let mut kept = String::new();
    let mut methods = None;
    for line in text.lines() {
        if line.starts_with("impl") {
            let of = line.split_once(" for ").map(|(_, of)| of.split(" where ").next().unwrap_or(of));
            methods = of.map(|of| format!("pub fn {of}::"));
        }
        if !methods.as_ref().is_some_and(|methods| line.starts_with(methods.as_str())) {
            kept.extend([line, "\n"]);
        }
    }
    kept
}

fn skipped(why: &str) -> Option<String> {
    let message = format!("the public interface is NOT compared: {why}; it is with Rust {COMPILER}");
    assert!(std::env::var_os(REQUIRE).is_none_or(|value| value.is_empty()), "{message}");
    // Not by a macro, whose output a passing test keeps to itself.
    std::io::stderr().write_all(format!("{message}\n").as_bytes()).unwrap();
    None
}

/// What rustdoc is run with in place of itself: it is asked for JSON instead of running the examples.
///
/// `cargo rustdoc` would do without this, but compiles all dependencies once more; the examples are compiled against
/// what is there. The variable lets a stable compiler write JSON. It is set for rustdoc alone: some dependencies look
/// at it when they are built.
const STAND_IN: &str = r#"#!/bin/sh
skip=
for argument do
    shift
    case "$skip$argument" in
        skip*) skip= ;;
        --test) ;;
        --test-args | --test-run-directory | --error-format | --color) skip=skip ;;
        *) set -- "$@" "$argument" ;;
    esac
done
RUSTC_BOOTSTRAP=1 exec "$PUBLIC_API_RUSTDOC" "$@" -Z unstable-options --output-format json --out-dir "$PUBLIC_API_OUT"
"#;

/// Rustdoc's description of the crate.
fn rustdoc_json() -> Result<PathBuf, String> {
    if !cfg!(unix) {
        return Err("there is no /bin/sh".to_owned());
    }
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).unwrap();
    let stand_in = out.join("rustdoc.sh");
    fs::write(&stand_in, STAND_IN).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&stand_in, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();

    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let rustdoc = std::env::var_os("RUSTDOC").map_or_else(|| cargo.with_file_name("rustdoc"), PathBuf::from);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    // Just as this test was compiled, so that nothing is compiled once more.
    let mut command = Command::new(cargo);
    command.args(["test", "--doc", "--quiet", "--target-dir"]).arg(target);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if !cfg!(feature = "default") {
        command.arg("--no-default-features");
    }
    let features = [("rustls", cfg!(feature = "rustls")), ("native-tls", cfg!(feature = "native-tls"))];
    let features: Vec<_> = features.into_iter().filter_map(|(name, is_on)| is_on.then_some(name)).collect();
    command.arg("--features").arg(features.join(","));
    command.env("RUSTDOC", &stand_in).env("PUBLIC_API_RUSTDOC", rustdoc).env("PUBLIC_API_OUT", &out);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().map_err(|error| error.to_string())?;
    let json = out.join("deprovision.json");
    if json.exists() {
        return Ok(json);
    }
    Err(format!("rustdoc gave none ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// The lines that are in one text only.
fn difference(there: &str, text: &str) -> String {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (there.lines().collect(), text.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    let added = new.difference(&old).map(|line| format!("+ {line}"));
    gone.chain(added).collect::<Vec<_>>().join("\n")
}
