# SPDX-License-Identifier: Apache-2.0
"""Strings that tokenizers disagree about, for generate.py. Deterministic in the seed."""

import random

# Characters by what can go wrong with them; ranges are inclusive.
POOLS = {
    "ascii": [(0x20, 0x7E)],
    "controls": [(0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C)],
    "spaces": [(0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680),
               (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F),
               (0x3000, 0x3000)],
    "zero_width": [(0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064),
                   (0x2066, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD),
                   (0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xE0100, 0xE01EF)],
    "latin": [(0xA1, 0x24F), (0x1E00, 0x1EFF), (0xFB00, 0xFB06), (0x2C60, 0x2C7F),
              (0xA720, 0xA7FF)],
    "case": [(0x130, 0x131), (0x49, 0x49), (0x69, 0x69), (0xDF, 0xDF), (0x1E9E, 0x1E9E),
             (0x3A3, 0x3A3), (0x3C2, 0x3C3), (0x1C4, 0x1CC), (0x1F1, 0x1F3), (0x212A, 0x212B),
             (0x2126, 0x2126), (0x307, 0x307)],
    "greek_cyrillic": [(0x370, 0x52F), (0x1C80, 0x1C8A), (0x1F00, 0x1FFF)],
    "combining": [(0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF),
                  (0x20D0, 0x20F0), (0x3099, 0x309A), (0xFE20, 0xFE2F), (0x1D165, 0x1D172)],
    "rtl": [(0x590, 0x6FF), (0x700, 0x77F), (0x7C0, 0x8FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC)],
    "indic": [(0x900, 0xDFF), (0xE00, 0xFFF)],
    "ideographs": [(0x2E80, 0x2FDF), (0x3001, 0x303F), (0x3400, 0x3420), (0x4DBE, 0x4E20),
                   (0x9FF0, 0xA010), (0xF900, 0xFAFF)],
    "ideograph_extensions": [(0x20000, 0x20010), (0x2A6D0, 0x2A710), (0x2B730, 0x2B750),
                             (0x2B810, 0x2B930), (0x2CEA0, 0x2CEC0), (0x2EBE0, 0x2EBF5),
                             (0x2F800, 0x2FA20), (0x30000, 0x30010), (0x31350, 0x31360)],
    "kana_hangul": [(0x3041, 0x30FF), (0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97C),
                    (0xAC00, 0xAC80), (0xD780, 0xD7FF)],
    "fullwidth": [(0xFF00, 0xFFEF)],
    "emoji": [(0x1F1E6, 0x1F1FF), (0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0x200D, 0x200D),
              (0xFE0F, 0xFE0F), (0x1F3FB, 0x1F3FF), (0x20E3, 0x20E3), (0x2600, 0x27BF)],
    "symbols": [(0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x20C0), (0x2100, 0x24FF),
                (0x1D400, 0x1D7FF)],
    "unassigned": [(0x378, 0x379), (0xD7FC, 0xD7FF), (0xFDD0, 0xFDEF), (0xFFFE, 0xFFFF),
                   (0x1FFFE, 0x1FFFF), (0x50000, 0x50010), (0x10FFFE, 0x10FFFF)],
    "private_use": [(0xE000, 0xE010), (0xF8FF, 0xF8FF), (0xF0000, 0xF0010), (0x100000, 0x100010)],
}

# Whole strings: each is about one thing.
PLAIN = [
    "", " ", "\t\n\r", "\0", "a\0b", "\ufffd", "a\ufffdb", "\ufeffbom in front", "in\ufeffside",
    "soft\u00adhyphen", "zero\u200bwidth\u200cjoin\u200ders", "İstanbul ISPARTA ığdır", "I\u0307",
    "Straße STRASSE ẞ", "ὈΔΥΣΣΕΎΣ ΣΑΣ σας Σ", "한국어 한국어 각 \u1100\u1161\u11a8", "ＦＵＬＬ ｗｉｄｔｈ！？",
    "ﬁne ﬂow", "e\u0301 \u0301e é", "a\u0315\u0300\u05ae\u0062", "क्षि हिन्दी", "ไทย ภาษา", "שָׁלוֹם עולם",
    "السَّلَامُ عَلَيْكُمْ", "\u202eright to left\u202c", "👩\u200d👩\u200d👧 👍🏽 🇩🇪 1\ufe0f\u20e3", "日本語とカタカナ、漢字。",
    "中文English混合", "\U0002a6d6\U0002a700\U0002b740\U0002b820\U0002b920\U0002ceb0\U00030000",
    "\ud7ff\ue000", "\uf8ff\U000f0000\U0010ffff", "\u0378\ufffe\U0001ffff", "don't can't won't",
    "$1,000.00 (50%) a_b-c/d\\e", "`^~|<>=+", "«quoted» „so“ ‚too‘ …", "x²+y³≠½", "ᏣᎳᎩ ꭰ", "ǅ ǆ Ǆ",
    "[CLS]", "[SEP][SEP]", "a[MASK]b", "[mask] [ MASK ] [MASK", "[UNK] [PAD]", "x[CLS]\u0301y",
    "\u0301[SEP]\u0301", "##ing ## #ing", "[unused0] [unused99]", "日[MASK]本", "[MASK]\u200b[MASK]",
    "\U0001F600" * 5, "a\u1734b \u1885\u1886 \u166d \U000111c9 \ua9bd", "\ua7cb\ua7dc\u1c89",
]


def pool_characters(name):
    return [chr(c) for first, last in POOLS[name] for c in range(first, last + 1)]


def long_words(rng):
    """Words around the limit of 100 characters, counted in characters of several widths."""
    for unit in ("x", "é", "e\u0301", "ж", "\U0001F600", "한", "İ", "\u00ad", "a\u200b"):
        for length in (99, 100, 101, 200):
            word = unit * length
            yield word
            yield f"before {word} after"
            yield word + "."
            yield "".join(rng.choice("abcdefghij") for _ in range(length - 1)) + unit


def mixed(rng, pools, length):
    """Characters of a few pools, with ordinary words and special tokens strewn in."""
    chosen = rng.sample(sorted(pools), rng.randint(1, 3))
    pieces = []
    for _ in range(length):
        kind = rng.random()
        if kind < 0.70:
            pieces.append(rng.choice(pools[rng.choice(chosen)]))
        elif kind < 0.85:
            pieces.append(rng.choice(["a", "B", "the", "Running", "é", "Σ", "1", "-", "'s"]))
        elif kind < 0.96:
            pieces.append(" ")
        else:
            pieces.append(rng.choice(["[SEP]", "[MASK]", "[CLS]", "[UNK]", "[PAD]", "[sep]"]))
    return "".join(pieces)


def adversarial(seed, count):
    """`count` strings and more: all of PLAIN, the long words, and random mixtures."""
    rng = random.Random(seed)
    pools = {name: pool_characters(name) for name in POOLS}
    strings = list(PLAIN) + list(long_words(rng))
    strings += [f"{c}{'' if i % 2 else 'a'}{c}" for i, name in enumerate(sorted(pools))
                for c in rng.sample(pools[name], min(16, len(pools[name])))]
    strings += [mixed(rng, pools, rng.randint(1, 30)) for _ in range(count)]
    return strings


def every_code_point():
    """Each scalar value inside a word, and behind a letter with an accent."""
    for c in range(0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            yield f"a{chr(c)}b e\u0301{chr(c)}\u0323"
