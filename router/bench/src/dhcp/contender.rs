//! A server under test with the name it has in the tables: its version is what the program itself says.

use crate::{command, peers::Peers, server::Server};
use anyhow::{Context, Result, bail, ensure};

#[derive(Clone)]
pub struct Contender {
    pub server: Server,
    pub name: String,
    version: Option<String>,
}

impl Contender {
    /// Those that `words` choose, or all.
    pub fn chosen(peers: &Peers, words: &[&str]) -> Result<Vec<Self>> {
        let all = Server::ALL.into_iter().map(|server| Self::ask(server, peers)).collect::<Result<Vec<_>>>()?;
        if let Some(word) = words.iter().find(|word| !all.iter().any(|it| it.is_called(word))) {
            let names = Vec::from_iter(all.iter().map(|it| it.name.as_str()));
            bail!("no server is called {word}; there are:\n  {}", names.join("\n  "));
        }
        let is_chosen = |it: &Self| words.is_empty() || words.iter().any(|word| it.is_called(word));
        Ok(Vec::from_iter(all.into_iter().filter(is_chosen)))
    }

    fn ask(server: Server, peers: &Peers) -> Result<Self> {
        let version = version(server, peers)?;
        Ok(Self { server, name: server.name(version.as_deref()), version })
    }

    /// Whether each part of `word`, which dashes divide, begins a word of the name: `kea-3`, `memfile`.
    fn is_called(&self, word: &str) -> bool {
        let (name, word) = (self.name.to_lowercase(), word.to_lowercase());
        let words = Vec::from_iter(name.split(|c: char| !c.is_alphanumeric() && c != '.'));
        word.split(['-', ' ']).all(|part| words.iter().any(|word| word.starts_with(part)))
    }

    /// The head of a column with parts of this one's figures.
    pub fn heading(&self) -> String {
        format!("of Kea {}", self.version.as_deref().unwrap_or_default())
    }
}

fn version(server: Server, peers: &Peers) -> Result<Option<String>> {
    let Some(mut command) = command::version(server, peers)? else { return Ok(None) };
    let output = command.output().with_context(|| format!("{command:?} cannot be run"))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    ensure!(output.status.success(), "{command:?} failed, {}\n{text}", output.status);
    let version = text.find(|c: char| c.is_ascii_digit()).and_then(|at| text[at..].split_whitespace().next());
    Ok(Some(version.with_context(|| format!("{command:?} tells no version:\n{text}"))?.to_owned()))
}
