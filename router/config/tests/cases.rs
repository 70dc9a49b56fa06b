//! A case is two files: `cases/NAME.toml`, and `cases/NAME.txt` with what `routerctl check` shows for it.
//! `UPDATE_CASES=1 cargo test -p edge-config --test cases` writes what is shown now; read the diff before it is committed.

use edge_config::parse;
use std::{env, fs, path::Path};

#[test]
fn each_case_renders_as_recorded() {
    let update = env::var_os("UPDATE_CASES").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        count += 1;
        let rendered = render(&fs::read_to_string(&path).unwrap());
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &rendered).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != rendered {
            failures.push(format!("{}\n{rendered}", path.display()));
        }
    }
    assert!(count > 0, "no cases found");
    assert!(failures.is_empty(), "{} of {count} cases differ:\n\n{}", failures.len(), failures.join("\n"));
}

fn render(text: &str) -> String {
    match parse("edge-router.toml", text) {
        Ok(_) => "valid\n".to_owned(),
        Err(diagnostics) => {
            for (diagnostic, block) in diagnostics.iter().zip(diagnostics.render(false).split("\n\n")) {
                let place = format!("--> edge-router.toml:{}:{}\n", diagnostic.line, diagnostic.column);
                assert!(block.contains(&place), "the listed place {place} is not the one rendered:\n{block}");
                assert!(block.contains('^'), "no caret:\n{block}");
                assert!(diagnostic.help.is_some_and(|help| !help.is_empty()), "no mend:\n{block}");
            }
            format!("{diagnostics}\n\n{}", diagnostics.render(false))
        }
    }
}
