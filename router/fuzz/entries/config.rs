//! Any bytes as a configuration: the reader keeps its promises.

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Err(diagnostics) = edge_config::parse("fuzz.toml", text) else { return };
    assert!(diagnostics.len() > 0, "refused without a reason");
    assert!(diagnostics.iter().count() <= edge_config::MAX_SHOWN);
    for diagnostic in diagnostics.iter() {
        assert!(diagnostic.line > 0 && diagnostic.column > 0);
        assert!(diagnostic.help.is_some(), "no mend: {}", diagnostic.message);
    }
    assert!(!diagnostics.render(false).contains('\u{1b}'), "the file reached the terminal");
}
