//! "Did you mean".

/// Longer words are not compared: nobody mistypes them, and comparing costs length times length.
const LONGEST: usize = 64;

/// The candidate that `word` most probably meant, or none if nothing comes near.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let plain = fold(word);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len() > LONGEST || candidate == word {
            continue;
        }
        let (own, other) = (plain.chars().count(), candidate.chars().count());
        let allowed = (own.max(other) / 3).max(1);
        if own.abs_diff(other) > allowed {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&plain, &fold(candidate));
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters that differ, are missing, too many, or have changed places.
pub fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

/// Letter case and the choice between `-`, `_` and a space are the commonest slips: they cost nothing.
fn fold(word: &str) -> String {
    word.chars()
        .map(|letter| match letter {
            '-' | ' ' => '_',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}
