// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/unicode_data.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include <array>

namespace sta {
namespace {

UChar32 Icu(char32_t c) { return static_cast<UChar32>(c); }

bool ExistsInUnicode(char32_t c, int major) {
  UVersionInfo age;
  u_charAge(Icu(c), age);
  return age[0] != 0 && (age[0] < major || (age[0] == major && age[1] == 0));
}

// Bit mask (U_GC_*) of the general category in Unicode 8.0.
uint32_t CategoryMask(char32_t c) {
  switch (c) {
    case 0x166D:   // CANADIAN SYLLABICS CHI SIGN became a symbol in 12.0
    case 0x111C9:  // SHARADA SANDHI MARK became a mark in 11.0
      return U_GC_PO_MASK;
    case 0x1885:  // MONGOLIAN LETTER ALI GALI BALUDA and its triple became marks in 9.0
    case 0x1886:
      return U_GC_LO_MASK;
    case 0x1734:  // HANUNOO SIGN PAMUDPOD became spacing in 14.0
      return U_GC_MN_MASK;
    case 0xA9BD:  // JAVANESE CONSONANT SIGN KERET became nonspacing in 11.0
      return U_GC_MC_MASK;
    default:
      return ExistsInUnicode(c, 8) ? U_GET_GC_MASK(Icu(c)) : U_GC_CN_MASK;
  }
}

// Upper case letters newer than ICU 72's Unicode 15.0, in runs with one distance to lower case.
struct LowercaseRun {
  char32_t first;
  char32_t last;
  int32_t distance;
};
constexpr std::array<LowercaseRun, 10> kNewerLowercase = {{
    {0x1C89, 0x1C89, 1},        // Cyrillic Tje, 16.0
    {0xA7CB, 0xA7CB, -0xA567},  // Latin rams horn, 16.0
    {0xA7CC, 0xA7CC, 1},        // Latin S with diagonal stroke, 16.0
    {0xA7CE, 0xA7CE, 1},        // 17.0
    {0xA7D2, 0xA7D2, 1},        // 17.0
    {0xA7D4, 0xA7D4, 1},        // 17.0
    {0xA7DA, 0xA7DA, 1},        // Latin lambda, 16.0
    {0xA7DC, 0xA7DC, -0xA641},  // Latin lambda with stroke, 16.0
    {0x10D50, 0x10D65, 0x20},   // Garay, 16.0
    {0x16EA0, 0x16EB8, 0x1B},   // Beria Erfe, 17.0
}};

}  // namespace

bool IsUnicodeWhitespace(char32_t c) { return u_isUWhiteSpace(Icu(c)) != 0; }

bool IsDeletedByCleaning(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c == 0 || c == 0xFFFD) return true;
  return (CategoryMask(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK)) != 0;
}

bool IsBertIdeograph(char32_t c) {
  struct Block {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Block, 7> kBlocks = {{{0x3400, 0x4DBF},
                                             {0x4E00, 0x9FFF},
                                             {0xF900, 0xFAFF},
                                             {0x20000, 0x2A6DF},
                                             {0x2A700, 0x2B81F},
                                             {0x2B920, 0x2CEAF},
                                             {0x2F800, 0x2FA1F}}};
  for (const Block& block : kBlocks) {
    if (c >= block.first && c <= block.last) return true;
  }
  return false;
}

bool IsBertPunctuation(char32_t c) {
  if (c < 0x80) return u_ispunct(Icu(c)) != 0 || (U_GET_GC_MASK(Icu(c)) & U_GC_S_MASK) != 0;
  return (CategoryMask(c) & U_GC_P_MASK) != 0;
}

bool IsNonspacingMark(char32_t c) { return (CategoryMask(c) & U_GC_MN_MASK) != 0; }

uint8_t CombiningClass(char32_t c) {
  return ExistsInUnicode(c, 9) ? u_getCombiningClass(Icu(c)) : uint8_t{0};
}

std::u32string CanonicalDecomposition(char32_t c) {
  if (!ExistsInUnicode(c, 9)) return {c};
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2* const nfd = unorm2_getNFDInstance(&error);
  if (U_FAILURE(error)) return {c};  // ICU's built-in data cannot be missing
  // The longest decomposition has 4 characters.
  std::array<UChar, 16> units;
  const int32_t length = unorm2_getDecomposition(nfd, Icu(c), units.data(),
                                                 static_cast<int32_t>(units.size()), &error);
  if (length < 0 || U_FAILURE(error)) return {c};
  std::u32string decomposed;
  for (int32_t at = 0; at < length;) {
    UChar32 next = 0;
    U16_NEXT(units.data(), at, length, next);
    decomposed.push_back(static_cast<char32_t>(next));
  }
  return decomposed;
}

std::u32string FullLowercase(char32_t c) {
  // The only character whose lower case is longer whatever stands around it.
  if (c == 0x130) return {U'i', char32_t{0x307}};
  for (const LowercaseRun& run : kNewerLowercase) {
    if (c >= run.first && c <= run.last) return {static_cast<char32_t>(Icu(c) + run.distance)};
  }
  return {static_cast<char32_t>(u_tolower(Icu(c)))};
}

bool IsWordCharacter(char32_t c) {
  constexpr uint32_t kMask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return u_hasBinaryProperty(Icu(c), UCHAR_ALPHABETIC) != 0 ||
         u_hasBinaryProperty(Icu(c), UCHAR_JOIN_CONTROL) != 0 ||
         (U_GET_GC_MASK(Icu(c)) & kMask) != 0;
}

}  // namespace sta
