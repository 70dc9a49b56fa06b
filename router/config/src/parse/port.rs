use crate::{
    mistake::Mistakes,
    parse::value::{FromToml, wrong_type},
    span::{At, Span},
    suggest::{quote, shorten},
};
use edge_net::PortRange;
use toml::de::DeValue;

const MEND: &str = "write a port from 1 to 65535, or a range as in \"8000-8010\"";

/// `ports` of an `[[allow]]`: one, or a list; never empty, none twice.
pub struct Ports(pub Vec<PortRange>);

impl FromToml for PortRange {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let (range, shown) = match value {
            DeValue::Integer(digits) => {
                let port = u16::from_str_radix(digits.as_str(), digits.radix()).ok();
                (port.and_then(|port| PortRange::new(port, port)), shorten(digits.as_str()))
            }
            DeValue::String(text) => (from_text(text), quote(text)),
            other => {
                wrong_type("a port", other, at, mistakes).help(MEND);
                return None;
            }
        };
        if range.is_none() {
            mistakes.add(at, format!("{shown} is not a port or a range of ports")).help(MEND);
        }
        range
    }
}

/// `443` or `8000-8010`.
pub fn from_text(text: &str) -> Option<PortRange> {
    let port = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    PortRange::new(port(first)?, port(last)?)
}

impl FromToml for Ports {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let ranges: Vec<At<PortRange>> = match value {
            DeValue::Array(_) => FromToml::from_toml(value, at, mistakes)?,
            _ => vec![At { value: PortRange::from_toml(value, at, mistakes)?, span: at }],
        };
        if ranges.is_empty() {
            mistakes.add(at, "an empty list of ports").help("name the ports, or leave `ports` out for every port");
        }
        check_overlaps(&ranges, mistakes);
        Some(Self(ranges.iter().map(|range| range.value).collect()))
    }
}

/// The kernel refuses a set whose intervals overlap.
fn check_overlaps(ranges: &[At<PortRange>], mistakes: &mut Mistakes) {
    for (early, late) in overlaps(ranges.iter().collect()) {
        mistakes
            .add(late.span, format!("{} and {} overlap", early.value, late.value))
            .related(early.span, "named here already")
            .help("name each port once");
    }
}

/// Pairs that overlap, each with the one that is earlier in the file first.
pub fn overlaps(mut ranges: Vec<&At<PortRange>>) -> Vec<(&At<PortRange>, &At<PortRange>)> {
    ranges.sort_by_key(|range| (range.value, range.span));
    let mut pairs = Vec::new();
    let mut reaching_highest: Option<&At<PortRange>> = None;
    for range in ranges {
        if let Some(other) = reaching_highest.filter(|other| other.last() >= range.first()) {
            pairs.push(if other.span < range.span { (other, range) } else { (range, other) });
        }
        if reaching_highest.is_none_or(|other| other.last() < range.last()) {
            reaching_highest = Some(range);
        }
    }
    pairs
}
