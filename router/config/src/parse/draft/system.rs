use crate::{
    System, Unnamed,
    mistake::Mistakes,
    parse::{
        domain::{Hostname, TimeServer},
        names::{NameKind, Names},
        ssh_key::SshKey,
        table::Table,
    },
    span::At,
};
use edge_net::Name;
use std::collections::HashMap;

#[derive(Default)]
pub struct SystemDraft {
    hostname: Option<String>,
    ssh_keys: Vec<String>,
    pub ssh_from: Vec<At<Name>>,
    ntp: Vec<String>,
    unnamed: Option<Unnamed>,
}

impl SystemDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let hostname = table.take::<Hostname>("hostname", mistakes);
        let keys = table.take::<Vec<At<SshKey>>>("ssh-keys", mistakes);
        let ssh_from = table.take::<Vec<At<Name>>>("ssh-from", mistakes);
        let ntp = table.take::<Vec<At<TimeServer>>>("ntp", mistakes);
        let unnamed = table.take::<Unnamed>("unnamed", mistakes);
        table.finish(mistakes);
        Self {
            hostname: hostname.map(|name| name.value.0),
            ssh_keys: keys.into_iter().flat_map(|keys| keys.value).map(|key| key.value.0).collect(),
            ssh_from: ssh_from.map(|names| names.value).unwrap_or_default(),
            ntp: ntp.into_iter().flat_map(|servers| servers.value).map(|server| server.value.0).collect(),
            unnamed: unnamed.map(|unnamed| unnamed.value),
        }
    }

    pub fn check(&self, names: &Names, mistakes: &mut Mistakes) {
        let mut seen = HashMap::new();
        for name in &self.ssh_from {
            names.find(name, "a network or an uplink", |kind| !matches!(kind, NameKind::Host(_)), mistakes);
            if let Some(first) = seen.insert(&name.value, name.span) {
                mistakes
                    .add(name.span, format!("`{}` is listed twice", name.value))
                    .related(first, "here first")
                    .help("remove one");
            }
        }
    }

    pub fn finish(self) -> System {
        let ssh_from = self.ssh_from.into_iter().map(|name| name.value).collect();
        System { hostname: self.hostname, ssh_keys: self.ssh_keys, ssh_from, ntp: self.ntp, unnamed: self.unnamed }
    }
}
