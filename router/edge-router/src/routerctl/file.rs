use super::Refusal;
use edge_api::ConfigText;
use edge_config::{Config, MAX_SIZE};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Reads a configuration; `-` is standard input.
pub fn read(path: &Path) -> Result<ConfigText, Refusal> {
    let is_stdin = path == Path::new("-");
    let file_name = if is_stdin { "<stdin>".to_owned() } else { path.display().to_string() };
    let bytes = if is_stdin { bounded(io::stdin().lock()) } else { File::open(path).and_then(bounded) };
    let bytes = bytes.map_err(|error| Refusal::no(format!("cannot read {file_name}: {error}")))?;
    if bytes.len() > MAX_SIZE {
        return Err(Refusal::no(format!("{file_name} is longer than {MAX_SIZE} bytes")).detail("is it a configuration?"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        Refusal::no(format!("{file_name} is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
            .detail("save it as UTF-8")
    })?;
    Ok(ConfigText { file_name, text })
}

fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_SIZE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub fn parse(config: &ConfigText) -> Result<Config, Refusal> {
    Ok(edge_config::parse(&config.file_name, &config.text)?)
}
