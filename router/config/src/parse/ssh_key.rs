use crate::parse::value::FromText;

/// A line of `authorized_keys`: options, type, key, comment (sshd(8)).
pub struct SshKey(pub String);

const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// An RSA key of 16,384 bits takes 2.8 kB; the rest is options.
const LONGEST: usize = 8192;

impl FromText for SshKey {
    const WHAT: &'static str = "an ssh public key";

    fn from_text(text: &str) -> Result<Self, String> {
        if text.contains("PRIVATE KEY") {
            return Err("this is a private key, which stays where it is; write the line of the .pub file".to_owned());
        }
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(format!("write one line of at most {LONGEST} bytes, as it is in the .pub file"));
        }
        let mut words = text.split(' ').skip_while(|word| !TYPES.contains(word));
        if words.next().is_some() && words.next().is_some_and(is_key) {
            return Ok(Self(text.to_owned()));
        }
        Err("write the line of the .pub file, as in \"ssh-ed25519 AAAA… me@laptop\"".to_owned())
    }
}

/// Base64 of a key: it starts with the length of its type's name in 32 bits, so with `AAAA`.
fn is_key(word: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    word.len() >= 64 && word.starts_with("AAAA") && word.bytes().all(base64)
}
