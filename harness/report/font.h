// Letters for pictures: a bitmap font of ASCII's printable characters, drawn for skipbench.
#pragma once

#include <array>
#include <cstdint>

namespace skipbench {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 8;    // the last row is for descenders
inline constexpr int kLetterPitch = 6;    // from one letter to the next
inline constexpr int kLinePitch = 11;     // from one line to the next

// Rows from top to bottom; bit 4 is the leftmost dot. Characters other than ASCII's are shown as a box.
using Glyph = std::array<uint8_t, kGlyphHeight>;
const Glyph& GlyphOf(char32_t character);

}  // namespace skipbench
