//! Addresses whose word is trusted: one address or a CIDR block.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address (`192.0.2.7`) or a block of addresses (`10.0.0.0/8`, `fd00::/8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    /// Leading bits that count.
    prefix: u8,
}

impl Network {
    /// `127.0.0.0/8`
    pub const LOOPBACK_V4: Network = Network { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 };
    /// `::1`
    pub const LOOPBACK_V6: Network = Network { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 };

    /// Whether `address` lies in this block. An IPv4 address in IPv6 clothing counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (width, own) = bits(self.address.to_canonical());
        let (other_width, other) = bits(address.to_canonical());
        let ignored = u32::from(width - self.prefix);
        // Shifting out every bit is not defined: a prefix of 0 takes every address of its family.
        width == other_width && (self.prefix == 0 || own >> ignored == other >> ignored)
    }
}

fn bits(address: IpAddr) -> (u8, u128) {
    match address {
        IpAddr::V4(address) => (32, u32::from(address).into()),
        IpAddr::V6(address) => (128, address.into()),
    }
}

/// Reads an address or a block.
pub fn parse(text: &str) -> Result<Network, String> {
    let mistake = || format!("`{text}` is neither an IP address nor a block such as 10.0.0.0/8");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| mistake())?;
    // The prefix of a mapped address counts IPv6 bits; nobody writes such a block on purpose.
    if prefix.is_some() && address != address.to_canonical() {
        return Err(mistake());
    }
    let address = address.to_canonical();
    let (width, _) = bits(address);
    let prefix = match prefix {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok().filter(|prefix| *prefix <= width).ok_or_else(mistake)?
        }
        Some(_) => return Err(mistake()),
        None => width,
    };
    Ok(Network { address, prefix })
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, _) = bits(self.address);
        match self.prefix {
            whole if whole == width => self.address.fmt(formatter),
            prefix => write!(formatter, "{}/{prefix}", self.address),
        }
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        parse(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "ip-network" })
    }
}
