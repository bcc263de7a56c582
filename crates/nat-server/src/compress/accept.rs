//! What a client says it can read.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::Coding;

/// How much a client likes each coding, in thousandths; nothing at all unless it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    gzip: u16,
    brotli: u16,
    /// Of a body as it is. Being always acceptable, it counts only where the client rates it.
    identity: u16,
}

impl Accepted {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        // Most programs say nothing, and pay for one look.
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Self::default();
        }
        let fields = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|field| field.to_str().ok());
        Self::parse(fields.flat_map(|field| field.split(',')))
    }

    fn parse<'f>(elements: impl Iterator<Item = &'f str>) -> Self {
        let (mut gzip, mut brotli, mut identity, mut others) = (None, None, None, None);
        for element in elements {
            let mut parts = element.split(';').map(str::trim_ascii);
            let name = parts.next().unwrap_or_default();
            let Some(weight) = weight(parts) else { continue };
            let known = match name {
                name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => &mut gzip,
                name if name.eq_ignore_ascii_case("br") => &mut brotli,
                name if name.eq_ignore_ascii_case("identity") => &mut identity,
                "*" => &mut others,
                _ => continue,
            };
            known.get_or_insert(weight);
        }
        let others = others.unwrap_or(0);
        Self { gzip: gzip.unwrap_or(others), brotli: brotli.unwrap_or(others), identity: identity.unwrap_or(0) }
    }

    /// For an answer that is there as a whole. Of two that are liked as much, brotli is the smaller one.
    pub(crate) fn for_whole(self) -> Coding {
        match self {
            Self { gzip, brotli, .. } if brotli >= gzip => self.unless_plain_is_better(brotli, Coding::Brotli),
            Self { gzip, .. } => self.unless_plain_is_better(gzip, Coding::Gzip),
        }
    }

    /// For a stream of frames.
    pub(crate) fn for_stream(self) -> Coding {
        self.unless_plain_is_better(self.gzip, Coding::Gzip)
    }

    fn unless_plain_is_better(self, weight: u16, coding: Coding) -> Coding {
        if weight > 0 && weight >= self.identity { coding } else { Coding::Identity }
    }
}

/// The `q` among the parameters of an element, in thousandths; `None` if it is none, since a wish that
/// cannot be read is not one to act upon.
fn weight<'p>(mut parameters: impl Iterator<Item = &'p str>) -> Option<u16> {
    let Some(value) = parameters.find_map(|one| one.strip_prefix("q=").or_else(|| one.strip_prefix("Q="))) else {
        return Some(1000);
    };
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_weighed() {
        use Coding::{Brotli, Gzip, Identity};
        for (field, whole, stream) in [
            ("", Identity, Identity),
            ("gzip", Gzip, Gzip),
            ("x-gzip", Gzip, Gzip),
            ("GZip , deflate", Gzip, Gzip),
            ("gzip, deflate, br, zstd", Brotli, Gzip),
            ("br;q=0.5, gzip;q=0.8", Gzip, Gzip),
            ("br;q=1.0, gzip;q=1", Brotli, Gzip),
            ("gzip;q=0", Identity, Identity),
            ("gzip;q=0.000, br", Brotli, Identity),
            ("*", Brotli, Gzip),
            ("*;q=0", Identity, Identity),
            ("br;q=0, *", Gzip, Gzip),
            ("gzip;q=0, *;q=0.1", Brotli, Identity),
            ("identity", Identity, Identity),
            ("identity, gzip;q=0.5", Identity, Identity),
            ("identity;q=0.5, gzip;q=0.5", Gzip, Gzip),
            ("identity;q=0, gzip", Gzip, Gzip),
            ("gzip ; q=0.001", Gzip, Gzip),
            ("gzip;Q=0", Identity, Identity),
            ("deflate, zstd", Identity, Identity),
            // No weights: passed over.
            ("gzip;q=2, br;q=nan", Identity, Identity),
            ("gzip;q=1.001, br;q=-1", Identity, Identity),
            ("gzip;q=0.1234, br;q=", Identity, Identity),
            // What is said first counts.
            ("gzip;q=0, gzip", Identity, Identity),
        ] {
            let accepted = Accepted::parse(field.split(','));
            assert_eq!((accepted.for_whole(), accepted.for_stream()), (whole, stream), "{field}");
        }
    }
}
