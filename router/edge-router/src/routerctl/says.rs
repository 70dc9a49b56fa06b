use edge_control::Says;
use std::env;

/// What ssh left in the environment: dropbear the comment of the key, both servers who is connected (`CLIENT PORT SERVER PORT`).
pub fn says() -> Says {
    let from = env::var("SSH_CONNECTION").ok().and_then(|connection| connection.split(' ').next().map(str::to_owned));
    Says { key: env::var("SSH_PUBKEYINFO").ok(), from }
}
