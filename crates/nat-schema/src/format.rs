//! The few values of `format` that mean more than words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde_json::{Value, json};

use super::limits::Breach;
use super::node::Type;
use crate::{duration, network};

/// A text whose form is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A time span: a number of seconds or one of the written forms.
    Duration,
    Address,
    AddressV4,
    AddressV6,
    /// An address, or a CIDR block of them.
    Network,
}

impl Format {
    pub(super) fn named(name: &str, types: &[Type]) -> Option<Format> {
        match name {
            // A plain text field that is annotated so is the person's own to read.
            "duration" if types.contains(&Type::Number) => Some(Format::Duration),
            "ip" => Some(Format::Address),
            "ipv4" => Some(Format::AddressV4),
            "ipv6" => Some(Format::AddressV6),
            "ip-network" => Some(Format::Network),
            _ => None,
        }
    }

    /// The kind and message of what is wrong with `text`, if anything is. Durations are not looked at here.
    pub(super) fn mistake(self, text: &str) -> Option<(&'static str, &'static str)> {
        let (right, kind, message) = match self {
            Format::Duration => return None,
            Format::Address => {
                (text.parse::<IpAddr>().is_ok(), "ip_any_address", "value is not a valid IPv4 or IPv6 address")
            }
            Format::AddressV4 => {
                (text.parse::<Ipv4Addr>().is_ok(), "ip_v4_address", "Input is not a valid IPv4 address")
            }
            Format::AddressV6 => {
                (text.parse::<Ipv6Addr>().is_ok(), "ip_v6_address", "Input is not a valid IPv6 address")
            }
            Format::Network => {
                (network::parse(text).is_ok(), "ip_any_network", "value is not a valid IPv4 or IPv6 network")
            }
        };
        (!right).then_some((kind, message))
    }
}

/// Reads a time span from a number of seconds or a text.
pub(super) fn duration(value: &Value) -> Result<Duration, Breach> {
    duration::from_value(value).map_err(|mistake| match mistake {
        duration::Mistake::Type => Breach::plain("time_delta_type", "Input should be a valid timedelta"),
        duration::Mistake::Text(reason) => {
            let message = format!("Input should be a valid timedelta, {reason}");
            Breach::new("time_delta_parsing", message, json!({ "error": reason }))
        }
    })
}

/// What an integer of this `format` can hold.
pub(super) fn integer_width(format: &str) -> Option<(i128, i128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        "int128" => (i128::MIN, i128::MAX),
        // The most of it is beyond what can be compared here.
        "uint128" => (0, i128::MAX),
        _ => return None,
    })
}
