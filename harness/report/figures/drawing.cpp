#include "harness/report/figures/drawing.h"

#include <fmt/format.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <map>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

// Where Debian's packages put what scripts/setup installs, in case that the system's fontconfig does not look there.
constexpr const char* kFontFolders[] = {"/usr/share/fonts/truetype/dejavu",
                                        "/usr/share/fonts/truetype/lohit-devanagari", "/usr/share/fonts/truetype/wqy",
                                        "/usr/share/fonts/truetype/ancient-scripts"};
constexpr const char* kFonts = "DejaVu Sans, Lohit Devanagari, WenQuanYi Micro Hei, sans";

template <auto function>
struct Call {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
template <class T, auto function = g_object_unref>
using Owned = std::unique_ptr<T, Call<function>>;

// A line may also be broken after these, by a space without width.
std::string Breakable(std::string_view text) {
  std::u32string breakable;
  for (const char32_t c : DecodeUtf8(OneLine(text))) {
    breakable += c;
    if (std::u32string_view(U"_(,/").find(c) != std::u32string_view::npos) breakable += U'\u200b';
  }
  return EncodeUtf8(breakable);
}

// Debian's package with a font for a script.
std::string PackageFor(UScriptCode script) {
  static const std::map<UScriptCode, const char*> packages = {
      {USCRIPT_LATIN, "fonts-dejavu-core"},
      {USCRIPT_GREEK, "fonts-dejavu-core"},
      {USCRIPT_CYRILLIC, "fonts-dejavu-core"},
      {USCRIPT_ARABIC, "fonts-dejavu-core"},
      {USCRIPT_DEVANAGARI, "fonts-lohit-deva"},
      {USCRIPT_HAN, "fonts-wqy-microhei"},
      {USCRIPT_HIRAGANA, "fonts-wqy-microhei"},
      {USCRIPT_KATAKANA, "fonts-wqy-microhei"},
      {USCRIPT_HANGUL, "fonts-wqy-microhei"},
      {USCRIPT_COMMON, "fonts-symbola"}};  // pictographs and signs of no script
  const auto found = packages.find(script);
  return found == packages.end() ? "fonts-noto-core" : found->second;
}

void CollectMissing(PangoLayout* layout, std::set<char32_t>* missing) {
  if (pango_layout_get_unknown_glyphs_count(layout) == 0) return;
  for (GSList* line = pango_layout_get_lines_readonly(layout); line; line = line->next)
    for (GSList* run = static_cast<PangoLayoutLine*>(line->data)->runs; run; run = run->next) {
      const PangoGlyphString* glyphs = static_cast<PangoGlyphItem*>(run->data)->glyphs;
      for (int i = 0; i < glyphs->num_glyphs; ++i)
        if (const PangoGlyph glyph = glyphs->glyphs[i].glyph;
            glyph & PANGO_GLYPH_UNKNOWN_FLAG && glyph != PANGO_GLYPH_INVALID_INPUT)
          missing->insert(static_cast<char32_t>(glyph & ~PANGO_GLYPH_UNKNOWN_FLAG));
    }
}

// Colour where the mask (a byte a pixel) is full, the canvas where it is empty.
void Blend(Image& canvas, int x, int y, cairo_surface_t* mask, Color color) {
  cairo_surface_flush(mask);
  const unsigned char* alpha = cairo_image_surface_get_data(mask);
  const int width = cairo_image_surface_get_width(mask), stride = cairo_image_surface_get_stride(mask);
  for (int row = std::max(0, -y); row < std::min(cairo_image_surface_get_height(mask), canvas.height - y); ++row)
    for (int column = std::max(0, -x); column < std::min(width, canvas.width - x); ++column) {
      uint8_t* pixel = canvas.pixels.data() + (static_cast<int64_t>(y + row) * canvas.width + x + column) * 3;
      const int a = alpha[static_cast<int64_t>(row) * stride + column];
      for (size_t c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>((pixel[c] * (255 - a) + color[c] * a + 127) / 255);
    }
}

}  // namespace

Image Canvas(int width, int height, Color color) {
  if (width <= 0 || height <= 0 || width > kMaxImageSide || height > kMaxImageSide ||
      int64_t{width} * height > kMaxImagePixels)
    Fail("a picture of {} x {} pixels cannot be drawn", width, height);
  Image canvas{width, height, 3, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 3)};
  FillRectangle(canvas, 0, 0, width, height, color);
  return canvas;
}

void FillRectangle(Image& canvas, int x, int y, int width, int height, Color color) {
  const int right = std::min(x + width, canvas.width), bottom = std::min(y + height, canvas.height);
  for (int row = std::max(y, 0); row < bottom; ++row)
    for (int column = std::max(x, 0); column < right; ++column)
      std::copy(color.begin(), color.end(),
                canvas.pixels.begin() + (static_cast<int64_t>(row) * canvas.width + column) * 3);
}

void DrawImage(Image& canvas, int x, int y, const Image& picture, int scale) {
  for (int row = 0; row < picture.height; ++row)
    for (int column = 0; column < picture.width; ++column) {
      const uint8_t* from =
          picture.pixels.data() + (static_cast<int64_t>(row) * picture.width + column) * picture.channels;
      const Color color = picture.channels == 1 ? Color{from[0], from[0], from[0]} : Color{from[0], from[1], from[2]};
      FillRectangle(canvas, x + column * scale, y + row * scale, scale, scale, color);
    }
}

struct TextPainter::Pango {
  Owned<FcConfig, FcConfigDestroy> fonts{FcInitLoadConfigAndFonts()};
  Owned<PangoFontMap> map{pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT)};
  Owned<PangoContext> context;

  Owned<PangoLayout> Lay(std::string_view text, const TextBox& box) const {
    Owned<PangoLayout> layout(pango_layout_new(context.get()));
    const std::string breakable = Breakable(text);
    pango_layout_set_text(layout.get(), breakable.data(), static_cast<int>(breakable.size()));
    pango_layout_set_width(layout.get(), box.width * PANGO_SCALE);
    pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
    if (box.height > 0) {
      pango_layout_set_height(layout.get(), box.height * PANGO_SCALE);
      pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
    }
    return layout;
  }
};

TextPainter::TextPainter(int size) : pango_(std::make_unique<Pango>()) {
  if (!pango_->fonts || !pango_->map) Fail("text cannot be drawn: fontconfig finds no configuration");
  for (const char* folder : kFontFolders)
    FcConfigAppFontAddDir(pango_->fonts.get(), reinterpret_cast<const FcChar8*>(folder));
  int fonts = 0;
  for (const FcSetName set : {FcSetSystem, FcSetApplication})
    if (const FcFontSet* found = FcConfigGetFonts(pango_->fonts.get(), set)) fonts += found->nfont;
  if (fonts == 0)
    Fail("text cannot be drawn: no font is installed (Debian: fonts-dejavu-core; scripts/setup installs it)");
  pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(pango_->map.get()), pango_->fonts.get());
  pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(pango_->map.get()), 72);
  pango_->context.reset(pango_font_map_create_context(pango_->map.get()));
  // The same pixels whatever the desktop's settings are.
  const Owned<cairo_font_options_t, cairo_font_options_destroy> options(cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango_->context.get(), options.get());
  const Owned<PangoFontDescription, pango_font_description_free> font(pango_font_description_from_string(kFonts));
  pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
  pango_context_set_font_description(pango_->context.get(), font.get());
}

TextPainter::~TextPainter() = default;

int TextPainter::Height(std::string_view text, const TextBox& box) {
  if (text.empty()) return 0;
  int height = 0;
  pango_layout_get_pixel_size(pango_->Lay(text, box).get(), nullptr, &height);
  return height;
}

void TextPainter::Draw(Image& canvas, int x, int y, std::string_view text, const TextBox& box, Color color) {
  if (text.empty()) return;
  const auto layout = pango_->Lay(text, box);
  CollectMissing(layout.get(), &missing_);
  PangoRectangle ink;
  pango_layout_get_pixel_extents(layout.get(), &ink, nullptr);
  const Owned<cairo_surface_t, cairo_surface_destroy> mask(
      cairo_image_surface_create(CAIRO_FORMAT_A8, ink.width + 2, ink.height + 2));
  {
    const Owned<cairo_t, cairo_destroy> cairo(cairo_create(mask.get()));
    cairo_move_to(cairo.get(), 1 - ink.x, 1 - ink.y);
    pango_cairo_show_layout(cairo.get(), layout.get());
    if (cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS)
      Fail("text cannot be drawn: {}", cairo_status_to_string(cairo_status(cairo.get())));
  }
  Blend(canvas, x + ink.x - 1, y + ink.y - 1, mask.get(), color);
}

std::string DescribeMissing(const std::set<char32_t>& characters) {
  std::map<UScriptCode, char32_t> first;
  for (const char32_t c : characters) {
    UErrorCode status = U_ZERO_ERROR;
    first.emplace(uscript_getScript(static_cast<UChar32>(c), &status), c);
  }
  std::string text;
  for (const auto& [script, c] : first)
    text += fmt::format("{} {} (as U+{:04X}; Debian's {})", text.empty() ? "no font for" : ",", uscript_getName(script),
                        static_cast<uint32_t>(c), PackageFor(script));
  return text;
}

std::string MissingScripts() {
  TextPainter painter(12);
  Image canvas = Canvas(1, 1, {});
  painter.Draw(canvas, 0, 0, "a\u03b1\u0436\u0639\u0928\u6f22\u304b\u30ab\ud55c", {.width = 1000}, {});
  return DescribeMissing(painter.missing());
}

}  // namespace skipbench
