//! Results as a terminal shows them best: typographic quotes, dashes and spaces made plain, and NFKC.

use unicode_normalization::UnicodeNormalization;

/// The text in plain letters. What NFKC itself makes plain, such as the no-break space, needs no rule here.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(letter).nfkc().collect()
}

fn letter(letter: char) -> char {
    match letter {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn fancy_characters_become_plain_ones() {
        let fancy = "\u{201c}It\u{2019}s\u{a0}5\u{2009}\u{2013}\u{2009}6\u{201d}\u{2014}\u{fb01}ne\u{2026} \u{b2}";
        assert_eq!(plain(fancy), "\"It's 5 - 6\"-fine... 2");
        assert_eq!(plain("e\u{301} 日本語 \n\tx"), "\u{e9} 日本語 \n\tx");
    }
}
